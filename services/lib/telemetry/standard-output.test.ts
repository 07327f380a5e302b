import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const LOGGER = join(import.meta.dirname, 'logger.ts');

/** What a program writes that logs by `log` and ends. */
function run(script: string): string {
  const program = `import { createLogger } from ${JSON.stringify(LOGGER)};
    const log = createLogger({ target: 't' });
    ${script}`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return stdout.replaceAll(/time="[^"]*" level=/g, '');
}

it('every line of a logger comes out, in order, also of programs that end in the same turn', () => {
  expect(run(`log.info('a'); log.warn('b'); log.info('c'); process.exit(3);`)).toBe(
    'info msg="a"\nwarning msg="b"\ninfo msg="c"\n',
  );
  expect(run(`log.info('a'); throw new Error('x');`)).toBe('info msg="a"\n');
});

it('warnings are out before anything else happens, with what was said before', () => {
  expect(run(`log.info('a'); log.error('b'); process.kill(process.pid, 'SIGKILL');`)).toBe(
    'info msg="a"\nerror msg="b"\n',
  );
});

it('the lines of a turn are one write', () => {
  const script = `const { write } = process.stdout;
    let writes = 0;
    process.stdout.write = (...args) => { writes++; return write.apply(process.stdout, args); };
    for (let i = 0; i < 3; i++) log.info(String(i));
    setImmediate(() => process.exit(writes === 1 ? log.info('one') : log.info('not one: ' + writes)));`;
  expect(run(script)).toMatch(/msg="2"\n.*msg="one"\n$/s);
});
