/**
 * The traffic generator: RATE requests a second to WEB_ADDR, most over connections kept alive, the share
 * NEW_CONNECTION_SHARE each over one of its own; one in four puts something into a cart. Nothing is retried.
 * `GET /` answers what it counted.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { environment, readAddress, readNumber, readText } from './config.ts';
import { createShare } from './faults.ts';
import { callHttp, createKeepAliveAgent, type HttpCall } from './http-client.ts';
import { closeHttpService, closeOnSignal, startHttpService } from './http-server.ts';
import { createPacer } from './pacer.ts';
import { MARKER_HEADER } from './propagation.ts';
import { countAnswer, countFailure, createCounters } from './tally.ts';

const PACE_MS = 5;

const generator = readText(environment, 'NAME', 'traffic');
const address = readAddress(environment, 'WEB_ADDR');
const marker = readText(environment, 'MARKER', '');
const inFlightMax = readNumber(environment, 'MAX_IN_FLIGHT', 200);
const opensConnection = createShare(readNumber(environment, 'NEW_CONNECTION_SHARE', 0.1));
const puts = createShare(0.25);
const agent = createKeepAliveAgent(readNumber(environment, 'CONNECTIONS', 32));
const counters = createCounters();

function createRequest(): HttpCall {
  const headers = {
    'x-request-id': randomUUID(),
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    ...(marker === '' ? {} : { [MARKER_HEADER]: marker }),
  };
  const shared = { address, headers, ...(opensConnection() ? {} : { agent }) };
  if (!puts()) return { ...shared, path: '/' };
  return { ...shared, path: '/cart', method: 'POST', body: { user: 'ann', product: 'tea', count: 1 } };
}

async function sendOne(): Promise<void> {
  if (counters.inFlight >= inFlightMax) {
    counters.heldBack += 1;
    return;
  }
  counters.sent += 1;
  counters.inFlight += 1;
  try {
    countAnswer(counters, await callHttp(createRequest()));
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    countFailure(counters, name === 'AbortError' ? 'timeout' : (code ?? message));
  }
  counters.inFlight -= 1;
}

const pacer = createPacer(readNumber(environment, 'RATE', 50), performance.now());
const timer = setInterval(() => {
  for (let due = pacer.takeDue(performance.now()); due > 0; due -= 1) void sendOne();
}, PACE_MS);

const server = await startHttpService({
  name: generator,
  port: readNumber(environment, 'PORT', 8080),
  answer: () => ({ status: 200, body: { name: generator, ...counters } }),
});

closeOnSignal(async () => {
  clearInterval(timer);
  agent.destroy();
  await closeHttpService(server);
});
