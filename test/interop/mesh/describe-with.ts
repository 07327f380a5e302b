import { describe, it } from 'vitest';
import { findProgram, PACKAGES, type Program } from './programs.ts';

/**
 * A suite that needs programs of others. Where one is missing there is one skipped test that names its package, and on
 * CI (or with REQUIRE_LAB=1) a failed one.
 */
export function describeWith(programs: readonly Program[], name: string, suite: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  it(name, ({ skip }) => {
    const reason = `${name}: needs ${missing.join(', ')}; apt-get install ${packages}`;
    if (process.env['CI'] || process.env['REQUIRE_LAB'] === '1') throw new Error(reason);
    skip(reason);
  });
}
