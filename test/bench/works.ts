/** One kind of load. The numbers are the issue's: they are part of the names. */
export type Work = HttpWork | TcpWork;

export interface HttpWork {
  readonly name: string;
  readonly kind: 'http1' | 'http2';
  readonly connections: number;
  /** Requests under way at once on each connection. */
  readonly streams: number;
  /** Ten headers a request, two of them unique, instead of the same short head again and again. */
  readonly varied: boolean;
}

export interface TcpWork {
  readonly name: string;
  readonly kind: 'tcp';
}

function http1(name: string, connections: number, varied = false): HttpWork {
  return { name, kind: 'http1', connections, streams: 1, varied };
}

function http2(name: string, connections: number, streams: number): HttpWork {
  return { name, kind: 'http2', connections, streams, varied: false };
}

export const WORKS: readonly Work[] = [
  http1('http1-1', 1),
  http1('http1-16', 16),
  http1('http1-64', 64),
  http1('http1-256', 256),
  http1('http1-64-varied', 64, true),
  http2('http2-4x16', 4, 16),
  http2('http2-16x64', 16, 64),
  { name: 'tcp-bulk', kind: 'tcp' },
];

export function isWorkName(name: string): boolean {
  return WORKS.some((work) => work.name === name);
}
