import { describe, expect, it } from 'vitest';
import { parseListenAddress, readGoFlags } from './index.ts';

const read = (...argv: string[]) =>
  readGoFlags(argv, {
    program: 'injector',
    flags: ['addr', 'level', 'quiet', 'help', 'count'],
    booleans: ['quiet', 'help'],
    refuseFlag: (flag, problem) => new Error(`-${flag} ${problem}.`),
    refuseFlags: (problem, cause) => new Error(problem, { cause }),
  });

describe('readGoFlags()', () => {
  it('takes one dash or two, a space or =, and skips the subcommand', () => {
    const flags = read('injector', '-addr', ':1', '--level=debug', '-quiet', '-count=3');
    expect(flags.address('addr', ':2')).toEqual({ host: undefined, port: 1 });
    expect(flags.text('level', 'info')).toBe('debug');
    expect(flags.boolean('quiet', false)).toBe(true);
    expect(flags.count('count', 1)).toBe(3);
    expect(flags.boolean('help', false)).toBe(false);
    expect([...flags.given.keys()]).toEqual(['addr', 'level', 'quiet', 'count']);
    expect(read('-h').boolean('help', false)).toBe(true);
  });

  it('refuses in one sentence', () => {
    expect(() => read('-nonsense')).toThrow("Unknown option '--nonsense'");
    expect(() => read('stray')).toThrow("Unexpected argument 'stray'");
    expect(() => read('-addr', 'x').address('addr', ':1')).toThrow(
      '-addr is "x"; give it an address such as :1',
    );
    expect(() => read('-count=0').count('count', 1)).toThrow(
      '-count is "0"; give it a whole number of at least 1.',
    );
    expect(() => read('-quiet=maybe').boolean('quiet', false)).toThrow(
      '-quiet is "maybe"; give it true or false.',
    );
  });
});

describe('parseListenAddress()', () => {
  it('reads every form of an address', () => {
    expect(parseListenAddress(':8443')).toEqual({ host: undefined, port: 8443 });
    expect(parseListenAddress('[::1]:1')).toEqual({ host: '::1', port: 1 });
    expect(parseListenAddress('localhost:2')).toEqual({ host: 'localhost', port: 2 });
    for (const bad of ['8443', ':70000', '::1:1', '']) expect(parseListenAddress(bad)).toBeUndefined();
  });
});
