import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { KubernetesConnection, TlsMaterial } from '../connection/connection.ts';
import { type HttpCall, openCall } from './http-call.ts';

/** One request as it goes out, without who we are. */
export type OutgoingCall = Pick<HttpCall, 'url' | 'method' | 'headers' | 'body' | 'signal'>;

/** Sends requests over connections that are kept, with the credentials of the moment. */
export interface Transport {
  /** Resolves with the answer's head. Credentials that are refused (401) are read anew once. */
  send(call: OutgoingCall): Promise<IncomingMessage>;
  close(): void;
}

/** Shorter than the 90 s after which an API server ends an idle connection. */
const IDLE_MS = 50_000;
const MAX_IDLE_SOCKETS = 4;

export function createTransport(connection: KubernetesConnection): Transport {
  const agents = createAgents(connection.server.startsWith('http:'));
  const sendOnce = async (call: OutgoingCall) => {
    const { authorization, tls } = await connection.credentials();
    const headers = authorization === undefined ? call.headers : { ...call.headers, authorization };
    return openCall({ ...call, headers, agent: agents.get(tls) });
  };
  return {
    async send(call) {
      const response = await sendOnce(call);
      if (response.statusCode !== 401) return response;
      response.resume();
      connection.invalidate();
      return sendOnce(call);
    },
    close: agents.close,
  };
}

/** An agent for each set of TLS material: long watches outlive the one that they began with. */
function createAgents(isPlain: boolean) {
  const all: HttpAgent[] = [];
  let latest: { readonly tls: TlsMaterial; readonly agent: HttpAgent } | undefined;
  const get = (tls: TlsMaterial): HttpAgent => {
    if (latest?.tls === tls) return latest.agent;
    const options = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_MS };
    const { isInsecure = false, ...material } = tls;
    const agent = isPlain
      ? new HttpAgent(options)
      : new HttpsAgent({ ...options, ...material, rejectUnauthorized: !isInsecure });
    latest = { tls, agent };
    all.push(agent);
    return agent;
  };
  return {
    get,
    close() {
      for (const agent of all) agent.destroy();
    },
  };
}
