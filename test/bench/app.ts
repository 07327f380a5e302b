import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADDRESS, CORE } from './arena.ts';
import { startProgram } from './program.ts';
import { askNamespace, type Stage } from './stage.ts';

/** Ports of the app on the server's side. */
export const APP_PORT = { http1: 8000, http2: 8001, tcp: 5201 } as const;

const START_TIMEOUT_MS = '5000';

/** The app: nginx with a canned answer; small next to what the proxies do for a request. See README.md, "The app". */
function buildAppConfig(): string {
  const answer = 'default_type text/plain; return 200 "hello from the app, on the other side of the wire";';
  return `
daemon off;
worker_processes 1;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  http2_max_concurrent_streams 1024;
  server { listen ${ADDRESS.server}:${APP_PORT.http1} backlog=4096; location / { ${answer} } }
  server { listen ${ADDRESS.server}:${APP_PORT.http2} http2 backlog=4096; location / { ${answer} } }
}
`;
}

/** Starts the app for HTTP and for TCP in the server's namespace. */
export async function startApp({ arena, dir, cleanup }: Stage): Promise<void> {
  const config = join(dir, 'app.conf');
  await writeFile(config, buildAppConfig());
  const place = { namespace: arena.server, core: CORE.load };
  const nginxArgs = ['-e', 'stderr', '-c', config, '-g', `pid ${config}.pid;`];
  startProgram({ ...place, program: 'nginx', args: nginxArgs }, cleanup);
  startProgram({ ...place, program: 'iperf3', args: ['-s', '-p', String(APP_PORT.tcp)] }, cleanup);
  for (const port of Object.values(APP_PORT)) {
    await askNamespace(arena.server, 'connect', `${ADDRESS.server}:${port}`, START_TIMEOUT_MS);
  }
}
