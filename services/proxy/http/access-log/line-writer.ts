import { write, writeSync } from 'node:fs';
import { type Millis, systemClock } from '#lib/base';

/** Text that waits for a slow reader; more is dropped. */
const MAX_WAITING_CHARS = 1_048_576;
/** A full pipe that does not block says so; it is asked again after this. */
const RETRY_MS: Millis = 20;

const STANDARD_ERROR = 2;

/**
 * Writes lines to a file descriptor: those of a turn at once, never in the way of the event loop, and dropped where the
 * reader is too slow. Standard output and error are pipes, to which Node's own streams write while everything waits.
 */
export class LineWriter {
  /** Lines that found no room. */
  dropped = 0;
  readonly #fd: number;
  #gathered = '';
  #isScheduled = false;
  #isWriting = false;

  constructor(fd: number = STANDARD_ERROR) {
    this.#fd = fd;
    process.on('exit', this.#flushLast);
  }

  /** Takes a line with its end. */
  write(line: string): void {
    if (this.#gathered.length + line.length > MAX_WAITING_CHARS) {
      this.dropped++;
      return;
    }
    this.#gathered += line;
    if (this.#isScheduled || this.#isWriting) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#writeGathered();
    });
  }

  #writeGathered(): void {
    if (this.#gathered === '') return;
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = '';
    this.#isWriting = true;
    this.#writeBytes(bytes);
  }

  #writeBytes(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeBytes(bytes), RETRY_MS).unref();
        return;
      }
      if (error === null && written < bytes.length) {
        this.#writeBytes(bytes.subarray(written));
        return;
      }
      // A reader that is gone does not come back; the lines are lost, the proxy goes on.
      if (error !== null) this.dropped += countLines(bytes);
      this.#isWriting = false;
      this.#writeGathered();
    });
  }

  /** Where a write still waits for its reader, the end of the process does not. */
  readonly #flushLast = (): void => {
    if (this.#isWriting || this.#gathered === '') return;
    try {
      writeSync(this.#fd, this.#gathered);
    } catch {
      this.dropped++;
    }
  };

  /** Resolves when all is written that was taken. For tests and the end of the process. */
  async settle(withinMs: Millis): Promise<void> {
    const untilMs = systemClock.monotonic() + withinMs;
    while ((this.#isScheduled || this.#isWriting) && systemClock.monotonic() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 0x0a) lines++;
  return lines;
}
