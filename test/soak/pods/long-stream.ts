import type { Kind } from './account.ts';
import { count, noteFailure, noteInFlight } from './tally.ts';

const PAUSE_MS = 1000;
const REOPEN_MS = 250;

/** A stream that is kept for as long as its peer likes. */
export interface LongStream {
  send(message: Buffer): void;
  close(): void;
}

export interface LongStreamEvents {
  onMessage(message: Buffer): void;
  /** It is over; an error where the peer did not end it in order. */
  onEnd(error: Error | undefined): void;
}

/** Keeps a stream open for ever: sends a message a second and waits for it to come back; opens another when it ends. */
export async function keepStream(kind: Kind, open: (events: LongStreamEvents) => LongStream): Promise<never> {
  for (;;) {
    await useStream(kind, open);
    await sleep(REOPEN_MS);
  }
}

async function useStream(kind: Kind, open: (events: LongStreamEvents) => LongStream): Promise<void> {
  const openedAtMs = Date.now();
  let over = false;
  let isCounted = false;
  let wake = (_error?: Error) => {};
  const stream = open({
    onMessage: () => wake(),
    onEnd(error) {
      if (over) return;
      over = true;
      // A message on its way tells it; else nobody would.
      if (error !== undefined && !isCounted) noteFailure(kind, error, openedAtMs);
      wake(error);
    },
  });
  noteInFlight(1);
  while (!over) {
    isCounted = true;
    await count(kind, () => {
      const answered = new Promise<void>((resolve, reject) => {
        wake = (error) => (error === undefined ? resolve() : reject(error));
      });
      stream.send(Buffer.from(`${Date.now()}\n`));
      return answered;
    }).finally(() => {
      isCounted = false;
      wake = () => {};
    });
    await sleep(PAUSE_MS);
  }
  noteInFlight(-1);
  stream.close();
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
