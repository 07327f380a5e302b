/** What a worker is started with. */
export interface WorkerTask {
  /** A module that exports TARGETS. */
  readonly targetsUrl: string;
  /** Cases to run from the first on; absent: it checks what it is sent. */
  readonly run?: { readonly names: readonly string[]; readonly seed: number; readonly cases: number };
  /** BEAT: so many turns were taken; TARGET, SEED: at what it is. */
  readonly state: SharedArrayBuffer;
}

/** The places in a worker's state. */
export const STATE = { beat: 0, target: 1, seed: 2, length: 3 } as const;

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly name: string; readonly cases: number }
  | { readonly kind: 'failed'; readonly name: string; readonly seed: number; readonly failure: string }
  | { readonly kind: 'checked'; readonly failure: string | undefined }
  | { readonly kind: 'done' };

/** An input to check. */
export interface CheckRequest {
  readonly name: string;
  readonly input: Uint8Array;
}
