/** What is wrong with an input; undefined: nothing. */
export type Finder = (input: Buffer) => Promise<string | undefined>;

/** How long the search may take. */
const MOST_MS = 120_000;

/**
 * The smallest input found that fails in the same way: halves are left out, then quarters, and so on down to single
 * bytes, as long as that makes it smaller.
 */
export async function shrink(input: Buffer, find: Finder): Promise<Buffer> {
  const failure = await find(input);
  const deadlineMs = performance.now() + MOST_MS;
  let smallest = input;
  for (let size = Math.ceil(input.length / 2); size >= 1 && failure !== undefined; size = nextSize(size)) {
    for (let at = 0; at < smallest.length && performance.now() < deadlineMs; ) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      const other = await find(candidate);
      if (other !== undefined && isSameFailure(other, failure)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}

function nextSize(size: number): number {
  return size === 1 ? 0 : Math.ceil(size / 2);
}

/** Thrown at the same place, where there is one; what the messages quote is the input. */
function isSameFailure(first: string, second: string): boolean {
  return placeOf(first) === placeOf(second);
}

function placeOf(failure: string): string {
  return /^\s+at .*$/m.exec(failure)?.[0] ?? failure;
}
