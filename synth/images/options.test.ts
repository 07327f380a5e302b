import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

const machine = { env: {}, machineArch: 'x64', version: '0.1.0', cwd: '/work' };

describe('parseOptions()', () => {
  it('builds for the machine it runs on, with the version of the package', () => {
    expect(parseOptions([], machine)).toEqual({
      outDir: '/work/dist/images',
      arch: 'amd64',
      version: '0.1.0',
      epochS: 0,
    });
    expect(parseOptions(['--arch', 'arm64'], { ...machine, machineArch: 'arm64' }).arch).toBe('arm64');
  });

  it('takes a folder, and a version and a time from the environment', () => {
    const env = { VERSION: 'edge-26.1.1', SOURCE_DATE_EPOCH: '1700000000' };
    expect(parseOptions(['--out=/tmp/a'], { ...machine, env })).toMatchObject({
      outDir: '/tmp/a',
      version: 'edge-26.1.1',
      epochS: 1_700_000_000,
    });
  });

  it.each([
    [['--arch=arm64'], {}, 'images for arm64 cannot be built on this amd64 machine'],
    [['--arch=s390x'], {}, '--arch "s390x" is not valid: give amd64 or arm64'],
    [['--push'], {}, 'usage: main.ts [--out DIR]'],
    [[], { VERSION: 'a:b' }, 'VERSION "a:b" is not valid'],
    [[], { SOURCE_DATE_EPOCH: 'now' }, 'SOURCE_DATE_EPOCH "now" is not valid'],
  ])('refuses %j with %j', (argv, env, message) => {
    expect(() => parseOptions(argv, { ...machine, env })).toThrow(message);
  });
});
