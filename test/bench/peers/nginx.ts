import { APP_PORT } from '../app.ts';
import { ADDRESS } from '../arena.ts';
import type { Certificates } from '../certificates.ts';
import { NGINX_STREAM_MODULE } from '../requirements.ts';
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

/** A pair of nginx: HTTP/1.1 or `stream` between them, connections kept and used again, nothing logged. */
export function createNginxPeer(stage: Stage): Peer {
  return {
    name: 'nginx',
    start: (work) =>
      startConfiguredPair(stage, 'nginx', {
        config: buildNginxConfig(work, stage.certificates),
        // nginx removes its pid file at the end: it has to be a file of its own.
        buildArgs: (file) => ['-e', 'stderr', '-c', file, '-g', `pid ${file}.pid;`],
      }),
  };
}

function buildNginxConfig(work: Work, certificates: Certificates): PairConfig {
  return work.kind === 'tcp' ? buildStreamConfig(certificates) : buildHttpConfig(work.kind, certificates);
}

const MAIN = `
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
error_log stderr crit;
events { worker_connections 4096; }
`;

const HTTP = `
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
`;

/** 256 is what the largest work has; more would only cost memory. */
const KEEP = 'keepalive 256; keepalive_requests 1000000000; keepalive_time 24h;';

/** TLS as the mesh has it: version 1.3, AES-128-GCM, a certificate on either side, checked on either side. */
function buildClientTls({ ca, client, serverName }: Certificates): string {
  return `
    proxy_ssl_certificate ${client.cert};
    proxy_ssl_certificate_key ${client.key};
    proxy_ssl_trusted_certificate ${ca.cert};
    proxy_ssl_verify on;
    proxy_ssl_server_name on;
    proxy_ssl_name ${serverName};
    proxy_ssl_protocols TLSv1.3;
    proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;`;
}

function buildServerTls({ ca, server }: Certificates): string {
  return `
    ssl_certificate ${server.cert};
    ssl_certificate_key ${server.key};
    ssl_client_certificate ${ca.cert};
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;`;
}

/** nginx speaks HTTP/2 to clients only: between the pair and to the app it is HTTP/1.1 for both works. */
function buildHttpConfig(kind: 'http1' | 'http2', certificates: Certificates): PairConfig {
  const http2 = kind === 'http2' ? ' http2' : '';
  return {
    out: `${MAIN}
http {${HTTP}
  http2_max_concurrent_streams 1024;
  upstream peer { server ${IN_ADDRESS}; ${KEEP} }
  server {
    listen ${OUT_ADDRESS}${http2} backlog=4096;
    location / { proxy_pass https://peer; }${buildClientTls(certificates)}
  }
}
`,
    in: `${MAIN}
http {${HTTP}
  upstream app { server ${ADDRESS.server}:${APP_PORT.http1}; ${KEEP} }
  server {
    listen ${PAIR_PORT.in} ssl backlog=4096;
    location / { proxy_pass http://app; }${buildServerTls(certificates)}
  }
}
`,
  };
}

function buildStreamConfig(certificates: Certificates): PairConfig {
  const head = `load_module ${NGINX_STREAM_MODULE};${MAIN}`;
  const stream = 'proxy_buffer_size 64k; tcp_nodelay on;';
  return {
    out: `${head}
stream {
  ${stream}
  server {
    listen ${OUT_ADDRESS};
    proxy_pass ${IN_ADDRESS};
    proxy_ssl on;${buildClientTls(certificates)}
  }
}
`,
    in: `${head}
stream {
  ${stream}
  server {
    listen ${PAIR_PORT.in} ssl;
    proxy_pass ${ADDRESS.server}:${APP_PORT.tcp};${buildServerTls(certificates)}
  }
}
`,
  };
}
