const ROUNDS = 7;

/** CPU of this thread, so that a busy machine does not count. */
function threadNs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

/** Prints what one of `times` turns of the work costs this thread, best of seven rounds, after a quarter of a round. */
export function measure(name: string, times: number, work: (i: number) => void): void {
  for (let i = 0; i < times / 4; i++) work(i);
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startNs = threadNs();
    for (let i = 0; i < times; i++) work(i);
    bestNs = Math.min(bestNs, (threadNs() - startNs) / times);
  }
  process.stdout.write(`${name.padEnd(56)}${format(bestNs)}\n`);
}

function format(ns: number): string {
  return ns < 100_000 ? `${ns.toFixed(1).padStart(9)} ns` : `${(ns / 1e6).toFixed(1).padStart(9)} ms`;
}
