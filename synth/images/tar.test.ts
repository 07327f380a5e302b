import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodeCapabilities } from './capabilities.ts';
import { packTar, type TarEntry } from './tar.ts';

/** What the system's tar says of an archive. */
function list(entries: readonly TarEntry[], options = ['--utc', '--full-time']): string[] {
  const input = Buffer.concat(packTar(entries, { mtimeS: 86_400 }));
  const args = [...options, '-tvf', '-'];
  return execFileSync('tar', args, { input, encoding: 'utf8' }).trimEnd().split('\n');
}

function extract(entries: readonly TarEntry[], path: string): string {
  const input = Buffer.concat(packTar(entries, { mtimeS: 0 }));
  return execFileSync('tar', ['-xOf', '-', path], { input, encoding: 'utf8' });
}

const file = (path: string, text: string): TarEntry => ({
  path,
  type: 'file',
  mode: 0o755,
  content: [Buffer.from(text)],
});

describe('packTar()', () => {
  it('writes what tar reads: kinds, modes, owners, sizes, times', () => {
    const lines = list([
      { path: 'tmp', type: 'directory', mode: 0o1777 },
      file('usr/bin/true', 'x'.repeat(513)),
      { path: 'bin', type: 'symlink', mode: 0o777, target: 'usr/bin' },
    ]);
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'drwxrwxrwt 0/0 0 1970-01-02 00:00:00 tmp/',
      '-rwxr-xr-x 0/0 513 1970-01-02 00:00:00 usr/bin/true',
      'lrwxrwxrwx 0/0 0 1970-01-02 00:00:00 bin -> usr/bin',
    ]);
  });

  it('keeps the bytes of a file, in however many pieces, and what follows it', () => {
    const pieces = [Buffer.from('first '), Buffer.from('second')];
    const entries: TarEntry[] = [
      { path: 'a', type: 'file', mode: 0o644, content: pieces },
      file('empty', ''),
      file('block', 'y'.repeat(512)),
      file('last', 'end'),
    ];
    expect(extract(entries, 'a')).toBe('first second');
    expect(extract(entries, 'empty')).toBe('');
    expect(extract(entries, 'block')).toBe('y'.repeat(512));
    expect(extract(entries, 'last')).toBe('end');
  });

  it('has names and targets of any length', () => {
    const path = `${'folder-ü/'.repeat(20)}file`;
    const target = `../${'elsewhere/'.repeat(15)}`;
    expect(extract([file(path, 'found')], path)).toBe('found');
    const [line] = list([{ path: 'link', type: 'symlink', mode: 0o777, target }]);
    expect(line).toContain(`link -> ${target}`);
  });

  it('carries extended attributes', () => {
    const xattrs = { 'security.capability': encodeCapabilities(['NET_RAW'], { effective: true }) };
    const lines = list([{ ...file('node', 'x'), xattrs }], ['--xattrs', '--xattrs-include=*', '-vv']);
    expect(lines[0]).toMatch(/^-rwxr-xr-x\* .* node$/);
    expect(lines[1]?.trim()).toBe('x: 20 security.capability');
  });
});
