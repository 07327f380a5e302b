/** The soak's traffic, to the host TARGET; `GET /` on ACCOUNT_PORT answers an account of it (account.ts). */
import { createServer } from 'node:http';
import process from 'node:process';
import { createGrpcCalls } from './grpc-calls.ts';
import { createHttp1Calls } from './http1-calls.ts';
import { createHttp2Calls } from './http2-calls.ts';
import { ACCOUNT_PORT, PORT } from './ports.ts';
import { account } from './tally.ts';
import { callTcp, keepTcp } from './tcp-calls.ts';

/** Streams of each kind that live as long as their pods. */
const LONG_STREAMS = 3;
/** More than this is a standstill of this machine: what was due in it is not made up for. */
const LATE_MOST_MS = 500;
const PACE_MS = 10;

const host = process.env['TARGET'] ?? '';
const http1 = createHttp1Calls(host, PORT.http);
const http2 = createHttp2Calls(host, PORT.http2);
const grpc = createGrpcCalls(host, PORT.grpc);
const opaque = { host, port: PORT.opaque };
const detected = { host, port: PORT.detected };

/** Makes so many calls a second, in even steps. */
function pace(perSecond: number, call: () => Promise<void>): void {
  const stepMs = 1000 / perSecond;
  let dueMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - dueMs > LATE_MOST_MS + stepMs) dueMs = nowMs;
    for (; dueMs <= nowMs; dueMs += stepMs) void call();
  }, PACE_MS);
}

pace(40, http1.kept);
pace(10, http1.fresh);
pace(0.5, http1.big);
pace(0.3, http1.slow);
pace(1, http1.abort);
pace(40, http2.get);
pace(1, http2.abort);
pace(20, grpc.unary);
pace(1, grpc.stream);
pace(4, () => callTcp('tcp opaque', opaque));
pace(4, () => callTcp('tcp detected', detected));
for (let at = 0; at < LONG_STREAMS; at++) {
  void grpc.keepBidi();
  void keepTcp(at % 2 === 0 ? opaque : detected);
}

createServer((_request, response) => response.end(JSON.stringify(account))).listen(ACCOUNT_PORT);
process.on('SIGTERM', () => process.exit(0));
