import { APP_PORT } from '../app.ts';
import { ADDRESS } from '../arena.ts';
import type { Certificates } from '../certificates.ts';
import type { Stage } from '../stage.ts';
import type { Work } from '../works.ts';
import {
  IN_ADDRESS,
  OUT_ADDRESS,
  PAIR_PORT,
  type PairConfig,
  startConfiguredPair,
} from './configured-pair.ts';
import type { Peer } from './peer.ts';

/** A pair of HAProxy: HTTP/1.1, HTTP/2 or TCP all the way, connections kept and used again, nothing logged. */
export function createHaproxyPeer(stage: Stage): Peer {
  return {
    name: 'haproxy',
    start: (work) =>
      startConfiguredPair(stage, 'haproxy', {
        config: buildHaproxyConfig(work, stage.certificates),
        buildArgs: (file) => ['-db', '-f', file],
      }),
  };
}

/** What differs between the works: the mode, and what is spoken on each of the three legs. */
interface Legs {
  readonly mode: 'http' | 'tcp';
  readonly plain: string;
  readonly alpn: string;
  readonly appPort: number;
}

const LEGS: Readonly<Record<Work['kind'], Legs>> = {
  http1: { mode: 'http', plain: '', alpn: 'alpn h2', appPort: APP_PORT.http1 },
  http2: { mode: 'http', plain: 'proto h2', alpn: 'alpn h2', appPort: APP_PORT.http2 },
  tcp: { mode: 'tcp', plain: '', alpn: '', appPort: APP_PORT.tcp },
};

const TLS = 'ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256';
const POOL = 'pool-max-conn -1 pool-purge-delay 5m';

function buildHaproxyConfig(work: Work, certificates: Certificates): PairConfig {
  const { mode, plain, alpn, appPort } = LEGS[work.kind];
  const { ca, client, server, serverName } = certificates;
  const head = buildHead(mode);
  const verify = `verify required ca-file ${ca.cert}`;
  const named = `sni str(${serverName}) verifyhost ${serverName}`;
  return {
    out: `${head}
frontend out
  bind ${OUT_ADDRESS} backlog 4096 ${plain}
  default_backend peer
backend peer
  server peer ${IN_ADDRESS} ssl crt ${client.pem} ${verify} ${named} ${TLS} ${alpn} ${POOL}
`,
    in: `${head}
frontend in
  bind :${PAIR_PORT.in} backlog 4096 ssl crt ${server.pem} ${verify} ${TLS} ${alpn}
  default_backend app
backend app
  server app ${ADDRESS.server}:${appPort} ${plain} ${POOL}
`,
  };
}

function buildHead(mode: 'http' | 'tcp'): string {
  return `
global
  nbthread 1
  maxconn 4000
  tune.h2.max-concurrent-streams 1024
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 5m
  timeout server 5m
${mode === 'http' ? '  http-reuse always\n' : ''}`;
}
