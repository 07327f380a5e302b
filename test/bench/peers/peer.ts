import type { Target } from '../load/load.ts';
import type { PeerName } from '../result.ts';
import type { Work } from '../works.ts';

/** A pair of proxies with mTLS between them, one on either side of the wire. */
export interface Peer {
  readonly name: PeerName;
  /** Starts both proxies fresh, ready for the load of `work`. */
  start(work: Work): Promise<RunningPair>;
}

export interface RunningPair {
  /** Where the load generator sends to. */
  readonly target: Target;
  readonly outPid: number;
  readonly inPid: number;
  readonly readyMs: number | null;
  /** The requests that each proxy counts so far; undefined for a peer that counts none. */
  readonly countRequests?: () => Promise<RequestCounts>;
  /** What both proxies printed, for the message when something fails. */
  describe(): string;
  stop(): Promise<void>;
}

export interface RequestCounts {
  readonly out: number;
  readonly in: number;
}
