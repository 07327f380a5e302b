/**
 * What remembering whole heads costs, found or not: `node test/bench/micro/head-memory.ts`. Targets on the reference
 * machine: a head that is found ≤ 150 ns; one that never comes again ≤ 50 ns, for a connection soon stops asking.
 */
import { createHeadMemory, HeadRecall } from '../../../services/proxy/http/h1/head-memory.ts';
import { measure } from './stopwatch.ts';

const COUNT = 1_000_000;
const VARIANTS = 4096;
/** Heads in use at once by the clients of one app. */
const IN_USE = 64;

const head = (id: number) =>
  [
    `GET /api/v1/items/${id % IN_USE} HTTP/1.1`,
    'Host: web.shop.svc.cluster.local:8080',
    'User-Agent: wrk/4.1.0 (linux)',
    'Accept: application/json, text/plain, */*',
    `X-Request-Id: ${(id * 2_654_435).toString(16).padStart(32, '0')}`,
    '',
    '',
  ].join('\r\n');

/** As from a socket: texts of their own, flat, of which none is the same object as one before. */
const copies = (ids: (i: number) => number) =>
  Array.from({ length: VARIANTS }, (_, i) => Buffer.from(head(ids(i)), 'latin1').latin1Slice());

/** Looks each text up, and keeps it where it came before. */
function recallAll(name: string, texts: readonly string[]): void {
  const recall = new HeadRecall(createHeadMemory<number>());
  measure(name, COUNT, (i) => {
    const text = texts[i % VARIANTS] ?? '';
    if (recall.find(text) === undefined && recall.wants(text)) recall.keep(text, i);
  });
}

recallAll(
  'the same head again and again',
  copies(() => 0),
);
recallAll(
  `${IN_USE} heads in turn`,
  copies((i) => i % IN_USE),
);
recallAll(
  'heads that never come again',
  copies((i) => i),
);
