/** Answers what a policy is now and tells of later changes; undefined stands for "there is none". */
export interface PolicyLookup<Query, Policy> {
  readonly watches: number;
  get(query: Query): Policy | undefined;
  /**
   * Calls `listener` for every later policy that differs from `get` at the time of the call; returns what ends
   * the watch.
   */
  watch(query: Query, listener: (policy: Policy | undefined) => void): () => void;
}
