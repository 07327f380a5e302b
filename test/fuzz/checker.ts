import { Worker } from 'node:worker_threads';
import { type CheckRequest, STATE, type WorkerMessage, type WorkerTask } from './worker-task.ts';

export const HANG = 'does not come back';
const WORKER = new URL('worker.ts', import.meta.url);
/** A parser that wants more for one input has broken its word. */
export const WORKER_LIMITS = { maxOldGenerationSizeMb: 512 } as const;

/** Checks inputs one by one, also those that hang. */
export interface Checker {
  /** What is wrong with it (HANG: it did not come back within the time), or undefined. */
  check(input: Buffer): Promise<string | undefined>;
  close(): Promise<void>;
}

export function createChecker(targetsUrl: string, name: string, hangMs: number): Checker {
  let thread: CheckThread | undefined;
  return {
    async check(input) {
      thread ??= new CheckThread(targetsUrl);
      await thread.ready;
      const failure = await thread.ask({ name, input }, hangMs);
      if (thread.isLost) {
        await thread.stop();
        thread = undefined;
      }
      return failure;
    },
    async close() {
      await thread?.stop();
    },
  };
}

/** A worker that checks what it is sent, one input at a time. */
class CheckThread {
  readonly ready: Promise<void>;
  /** It is of no use any more. */
  isLost = false;
  readonly #worker: Worker;
  #settle: (failure: string | undefined) => void = () => {};

  constructor(targetsUrl: string) {
    const state = new SharedArrayBuffer(STATE.length * Uint32Array.BYTES_PER_ELEMENT);
    const workerData: WorkerTask = { targetsUrl, state };
    this.#worker = new Worker(WORKER, { workerData, resourceLimits: WORKER_LIMITS });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'checked') this.#settle(message.failure);
      });
      this.#worker.on('error', (error) => {
        this.isLost = true;
        reject(error);
        this.#settle(String(error));
      });
    });
  }

  ask(request: CheckRequest, hangMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.isLost = true;
        resolve(HANG);
      }, hangMs);
      this.#settle = (failure) => {
        clearTimeout(timer);
        resolve(failure);
      };
      this.#worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
