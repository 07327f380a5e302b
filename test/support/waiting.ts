const POLL_MS = 50;

/** Waits until the condition holds; throws, naming `what`, after `timeoutMs`. A condition that throws holds not yet. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let reason: unknown;
  while (!(await attempt())) {
    if (performance.now() > deadlineMs)
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: reason });
    await sleep(POLL_MS);
  }
  async function attempt(): Promise<boolean> {
    try {
      return await condition();
    } catch (error) {
      reason = error;
      return false;
    }
  }
}

export function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** A figure for whoever reads the run. */
export function report(line: string): void {
  process.stdout.write(`    ${line}\n`);
}
