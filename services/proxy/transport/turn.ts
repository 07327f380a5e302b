/** Something with output to hand to the kernel at the end of the event-loop turn. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];
let flushing: Flushable[] = [];
let turn = 0;

/** Grows with every flush: what was written in a turn of the same number has not been handed to the kernel. */
export function turnNumber(): number {
  return turn;
}

/**
 * Asks for one `flush()` after every read of this turn has been handled (the check phase follows the poll phase),
 * so that what many streams wrote to one socket leaves in one system call. Ask once until the flush came.
 */
export function flushThisTurn(target: Flushable): void {
  if (waiting.length === 0) setImmediate(flushAll);
  waiting.push(target);
}

function flushAll(): void {
  turn++;
  const batch = waiting;
  waiting = flushing;
  flushing = batch;
  for (const target of batch) target.flush();
  batch.length = 0;
}
