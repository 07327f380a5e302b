/**
 * A program of its own, to be run inside a network namespace: the benchmark cannot enter one.
 *
 *     node in-namespace.ts get http://127.0.0.1:4191/metrics      prints the body of a 200
 *     node in-namespace.ts wait http://127.0.0.1:4191/ready 10000  prints when it first answered 200 (monotonic ms)
 *     node in-namespace.ts connect 127.0.0.1:9080 10000            ends once the port takes connections
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './program.ts';

const [verb, target = '', timeoutMs = '0'] = process.argv.slice(2);

async function fetchBody(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    return response.status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}

function acceptsConnections(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Ends with 1 when `attempt` does not succeed in time. */
async function repeat(attempt: () => Promise<boolean>): Promise<void> {
  const deadline = monotonicMs() + Number(timeoutMs);
  while (!(await attempt())) {
    if (monotonicMs() > deadline) process.exit(1);
    await sleep(3);
  }
}

if (verb === 'get') {
  const body = await fetchBody(target);
  if (body === undefined) process.exit(1);
  process.stdout.write(body);
} else if (verb === 'wait') {
  // The first fetch in a process is slow: do it before it counts.
  await fetchBody(target);
  await repeat(async () => (await fetchBody(target)) !== undefined);
  process.stdout.write(`${monotonicMs()}\n`);
} else {
  await repeat(() => acceptsConnections(target));
}
