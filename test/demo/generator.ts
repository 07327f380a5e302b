import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import type { ShopPod } from './mesh.ts';

/** What a traffic generator of the shop counted since its start. */
export interface Counters {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly newConnections: number;
  readonly failures: Readonly<Record<string, number>>;
  /** What web said of the caller in its last answer; null for a caller without an identity. */
  readonly lastClientId: string | null;
}

const PORT = 8080;
const TIMEOUT_MS = 5_000;

export function readCounters({ ip, name }: ShopPod): Promise<Counters> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) =>
      reject(new Error(`the counters of ${name} cannot be read: ${error.message}`, { cause: error }));
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    get({ host: ip, port: PORT, path: '/', agent: false, signal }, (response) => {
      if (response.statusCode !== 200) refuse(new Error(`status ${response.statusCode}`));
      else json(response).then((body) => resolve(body as Counters), refuse);
    }).on('error', refuse);
  });
}

/** What was counted between two readings. */
export function subtractCounters(after: Counters, before: Counters): Counters {
  return {
    ...after,
    sent: after.sent - before.sent,
    ok: after.ok - before.ok,
    failed: after.failed - before.failed,
    newConnections: after.newConnections - before.newConnections,
  };
}
