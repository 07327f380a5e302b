const TICK_MS = 1000;

/** Something with idle connections to close now and then. */
export interface Sweepable {
  /** Closes what has been idle for too many ticks; false if nothing idle is left. */
  sweep(tick: number): boolean;
}

const swept = new Set<Sweepable>();
let ticks = 0;
let timer: NodeJS.Timeout | undefined;

/** The current tick: one a second while anything is idle. */
export function sweepTick(): number {
  return ticks;
}

/** Has `target` swept at every tick until it has nothing left. One timer serves all pools. */
export function sweepIdle(target: Sweepable): void {
  swept.add(target);
  timer ??= setInterval(sweepAll, TICK_MS).unref();
}

function sweepAll(): void {
  ticks++;
  for (const target of swept) if (!target.sweep(ticks)) swept.delete(target);
  if (swept.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
