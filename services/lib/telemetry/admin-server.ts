import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from './registry.ts';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminServerOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly isReady: () => boolean;
}

/**
 * The admin server of a controller: /ping, /live, /ready, /metrics. Source: facts sheet control-plane, first
 * paragraph.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0] ?? '/', response, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(path: string, response: ServerResponse, options: AdminServerOptions): void {
  const text = (status: number, body: string) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  };
  switch (path) {
    case '/ping':
      return text(200, 'pong\n');
    case '/live':
      return text(200, 'live\n');
    case '/ready':
      return options.isReady() ? text(200, 'ok\n') : text(500, 'not ready\n');
    case '/metrics':
      return text(200, options.registry.render());
    default:
      return text(404, 'not found\n');
  }
}
