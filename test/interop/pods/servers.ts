/** Servers of others, all in one pod: those whose programs are installed (mesh/programs.ts), on the ports of mesh/ports.ts. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { startGrpcServer } from '../../soak/pods/grpc-server.ts';
import { PORT } from '../mesh/ports.ts';
import { findProgram } from '../mesh/programs.ts';
import { answerProbes, removeAtEnd, start } from './children.ts';
import { listenWebSocket } from './websocket-echo.ts';

const ECHO = new URL('../../support/pods/echo.ts', import.meta.url).pathname;
const listening: number[] = [];
const dir = mkdtempSync('/tmp/linkerd-interop-');
// Not everybody in here is root.
chmodSync(dir, 0o755);
removeAtEnd(dir);

function write(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

function startNginx(nginx: string): void {
  const file = write('range.txt', '0123456789'.repeat(100_000));
  const config = `daemon off; pid ${dir}/nginx.pid; error_log /dev/stderr; worker_processes 1;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path ${dir}/nginx-body; proxy_temp_path ${dir}/nginx-proxy;
  fastcgi_temp_path ${dir}/nginx-fastcgi; uwsgi_temp_path ${dir}/nginx-uwsgi; scgi_temp_path ${dir}/nginx-scgi;
  server {
    listen ${PORT.nginx}; listen ${PORT.nginxH2} http2;
    gzip on; gzip_types text/plain; gzip_min_length 100;
    location = /file { default_type text/plain; alias ${file}; }
    location / { default_type text/plain; return 200 "nginx $request_method $request_uri $server_protocol\\n"; }
  }
}`;
  start([nginx, '-c', write('nginx.conf', config)]);
  listening.push(PORT.nginx, PORT.nginxH2);
}

function startHaproxy(haproxy: string): void {
  const answer = 'http-request return status 200 content-type text/plain lf-string "haproxy %HM %HV"';
  const config = `defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend http1
  bind :${PORT.haproxy}
  ${answer}
frontend http2
  bind :${PORT.haproxyH2} proto h2
  ${answer}
`;
  start([haproxy, '-db', '-f', write('haproxy.cfg', config)]);
  listening.push(PORT.haproxy, PORT.haproxyH2);
}

function startPostgres(initdb: string): void {
  const data = join(dir, 'postgres');
  mkdirSync(data);
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  chownSync(data, id('-u'), id('-g'));
  const as = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
  const [program = '', ...args] = [...as, initdb, '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'];
  execFileSync(program, args, { stdio: 'inherit', cwd: '/' });
  writeFileSync(join(data, 'pg_hba.conf'), 'host all all all trust\n');
  const settings = ['listen_addresses=*', 'unix_socket_directories=', 'fsync=off'].flatMap((line) => [
    '-c',
    line,
  ]);
  start([...as, initdb.replace(/initdb$/, 'postgres'), '-D', data, '-p', `${PORT.postgres}`, ...settings]);
  forward(PORT.postgresDetected, PORT.postgres);
  listening.push(PORT.postgres);
}

function startRedis(redis: string): void {
  const settings = ['--protected-mode', 'no', '--save', '', '--dir', dir, '--bind', '0.0.0.0'];
  start([redis, '--port', `${PORT.redis}`, ...settings]);
  forward(PORT.redisDetected, PORT.redis);
  listening.push(PORT.redis);
}

function startNats(nats: string): void {
  start([nats, '-p', `${PORT.nats}`]);
  forward(PORT.natsOpaque, PORT.nats);
  listening.push(PORT.nats);
}

/** Makes a server's other port. */
function forward(from: number, to: number): void {
  createTcpServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  }).listen(from);
  listening.push(from);
}

function startTls(openssl: string): void {
  const [key, cert] = [join(dir, 'tls.key'), join(dir, 'tls.crt')];
  const subject = ['-subj', '/CN=tls.interop.example', '-days', '2', '-nodes'];
  execFileSync(
    openssl,
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  const read = (path: string) => execFileSync('cat', [path]);
  createServer({ key: read(key), cert: read(cert) }, (request, response) => {
    response.end(`tls ${request.method} ${request.url}\n`);
  }).listen(PORT.tls);
  listening.push(PORT.tls);
}

start([process.execPath, ECHO], { PORT: `${PORT.echo}`, H2_PORT: `${PORT.echoH2}` });
await startGrpcServer(PORT.grpc);
listenWebSocket(PORT.websocket);
listening.push(PORT.echo, PORT.echoH2, PORT.grpc, PORT.websocket);
for (const [name, startProgram] of [
  ['nginx', startNginx],
  ['haproxy', startHaproxy],
  ['initdb', startPostgres],
  ['redis-server', startRedis],
  ['nats-server', startNats],
  ['openssl', startTls],
] as const) {
  const path = findProgram(name);
  if (path !== undefined) startProgram(path);
}
answerProbes(PORT.ready, listening);
