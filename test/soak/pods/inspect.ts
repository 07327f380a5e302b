/**
 * `inspect.ts PERIOD_MS ADMIN_PORT`, in the network of a pod: every PERIOD_MS a line of JSON about the Node program that
 * listens there for a debugger, after a garbage collection, and about the metrics page of its admin port.
 */
import process from 'node:process';

const INSPECTOR = 'http://127.0.0.1:9229/json/list';
const START_MOST_MS = 20_000;
/** Compiled code is left out: for hours more and more of what runs seldom is compiled. */
const EXPRESSION = `JSON.stringify({
  heapBytes: process.getBuiltinModule('v8').getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !/code|trusted|read_only/.test(name))
    .reduce((sum, space) => sum + space.space_used_size, 0),
  bufferBytes: process.memoryUsage().arrayBuffers,
  resources: process.getActiveResourcesInfo(),
})`;

/** A program that was looked into. */
export interface Insight {
  /** What lives, after a collection, compiled code left out. */
  readonly heapBytes: number;
  /** Of buffers that live: they are beside the heap. */
  readonly bufferBytes: number;
  readonly timers: number;
  /** Sockets, servers and requests that keep a program alive. */
  readonly handles: number;
  /** Lines with a value on its metrics page. */
  readonly series: number;
  /** Certificates that its page counts. */
  readonly renewals: number;
}

interface Reply {
  readonly id: number;
  readonly result?: { readonly result?: { readonly value?: string } };
}

async function findDebugger(): Promise<string> {
  const deadlineMs = performance.now() + START_MOST_MS;
  for (;;) {
    try {
      const list = (await (await fetch(INSPECTOR)).json()) as { webSocketDebuggerUrl: string }[];
      const url = list[0]?.webSocketDebuggerUrl;
      if (url !== undefined) return url;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function openSession(): Promise<(method: string, params: object) => Promise<Reply>> {
  const socket = new WebSocket(await findDebugger());
  const waiting = new Map<number, (reply: Reply) => void>();
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  socket.addEventListener('close', () => process.exit(0));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  let id = 0;
  return (method, params) =>
    new Promise((resolve) => {
      waiting.set(++id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
}

const [periodMs = '10000', adminPort = '4191'] = process.argv.slice(2);
const call = await openSession();

async function look(): Promise<Insight> {
  await call('HeapProfiler.collectGarbage', {});
  const reply = await call('Runtime.evaluate', { expression: EXPRESSION, returnByValue: true });
  const { heapBytes, bufferBytes, resources } = JSON.parse(reply.result?.result?.value ?? '{}') as {
    heapBytes: number;
    bufferBytes: number;
    resources: string[];
  };
  const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const timers = resources.filter((name) => name === 'Timeout' || name === 'Immediate').length;
  const renewals = lines.filter((line) =>
    line.startsWith('control_identity_cert_refreshes_total{result="ok"'),
  );
  return {
    heapBytes,
    bufferBytes,
    timers,
    handles: resources.length - timers,
    series: lines.length,
    renewals: Number(renewals[0]?.split(' ')[1] ?? 0),
  };
}

for (;;) {
  process.stdout.write(`${JSON.stringify(await look())}\n`);
  await new Promise((resolve) => setTimeout(resolve, Number(periodMs)));
}
