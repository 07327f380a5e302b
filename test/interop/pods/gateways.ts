/** nginx and HAProxy as reverse proxies with kept connections: `/servers/…` and `/plain/…` go to those Services; `/ws/servers` to a WebSocket. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY_PORT, PORT } from '../mesh/ports.ts';
import { findProgram } from '../mesh/programs.ts';
import { answerProbes, removeAtEnd, start } from './children.ts';

const SERVICES = ['servers', 'plain'] as const;
const listening: number[] = [];
const dir = mkdtempSync('/tmp/linkerd-interop-');
removeAtEnd(dir);

function write(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const hostOf = (service: string) => `${service}.shop.svc.cluster.local`;

function buildNginxConfig(): string {
  const upstreams = SERVICES.map(
    (name) => `upstream ${name} { server ${hostOf(name)}:${PORT.echo}; keepalive 4; }`,
  );
  const locations = SERVICES.map(
    (
      name,
    ) => `location /${name}/ { proxy_pass http://${name}; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /ws/${name} {
      proxy_pass http://${hostOf(name)}:${PORT.websocket}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }`,
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/nginx-${name};`,
  );
  return `daemon off; user root; pid ${dir}/nginx.pid; error_log /dev/stderr; worker_processes 1;
events { worker_connections 512; }
http {
  access_log off; client_max_body_size 10m; ${temporary.join(' ')}
  ${upstreams.join('\n  ')}
  server { listen ${GATEWAY_PORT.nginx}; ${locations.join('\n    ')} }
}`;
}

function buildHaproxyConfig(): string {
  const backends = SERVICES.map(
    (name) => `backend ${name}
  http-reuse always
  server ${name} ${hostOf(name)}:${PORT.echo}
backend ${name}-h2
  http-reuse always
  server ${name} ${hostOf(name)}:${PORT.echoH2} proto h2`,
  );
  const choices = SERVICES.map(
    (name) => `  use_backend ${name} if { path_beg /${name}/ }
  use_backend ${name}-h2 if { path_beg /h2/${name}/ }`,
  );
  return `defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend all
  bind :${GATEWAY_PORT.haproxy}
${choices.join('\n')}
${backends.join('\n')}
`;
}

const nginx = findProgram('nginx');
if (nginx !== undefined) {
  start([nginx, '-c', write('nginx.conf', buildNginxConfig())]);
  listening.push(GATEWAY_PORT.nginx);
}
const haproxy = findProgram('haproxy');
if (haproxy !== undefined) {
  start([haproxy, '-db', '-f', write('haproxy.cfg', buildHaproxyConfig())]);
  listening.push(GATEWAY_PORT.haproxy);
}
answerProbes(GATEWAY_PORT.ready, listening);
