import { describe, it } from 'vitest';

/** True where network namespaces can be made. */
const isRoot = process.getuid?.() === 0;

/**
 * A suite that needs root. Without it there is one skipped test that says so, and on CI (or with REQUIRE_LAB=1) a
 * failed one: nothing may be green by not having run.
 */
export function describeAsRoot(name: string, suite: () => void): void {
  if (isRoot) {
    describe(name, suite);
    return;
  }
  const reason = `${name}: needs root, to make network namespaces; run it with sudo`;
  it(name, ({ skip }) => {
    if (process.env['CI'] || process.env['REQUIRE_LAB'] === '1') throw new Error(reason);
    skip(reason);
  });
}
