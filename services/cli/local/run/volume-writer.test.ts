import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeVolumeFiles } from './volume-writer.ts';

let dir: string;
const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, Buffer.from(text)]));

describe('writeVolumeFiles()', () => {
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'linkerd-volume-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('changes all files in one step, and nothing when they are the same', () => {
    expect(writeVolumeFiles(dir, files({ 'tls.crt': 'a', 'deep/er/file': 'b' }))).toBe(true);
    const data = readlinkSync(join(dir, '..data'));
    expect(readFileSync(join(dir, 'deep/er/file'), 'utf8')).toBe('b');
    expect(writeVolumeFiles(dir, files({ 'tls.crt': 'a', 'deep/er/file': 'b' }))).toBe(false);
    expect(readlinkSync(join(dir, '..data'))).toBe(data);
    expect(writeVolumeFiles(dir, files({ 'tls.crt': 'c', 'tls.key': 'd' }))).toBe(true);
    expect(readlinkSync(join(dir, 'tls.crt'))).toBe('..data/tls.crt');
    expect(readFileSync(join(dir, 'tls.crt'), 'utf8')).toBe('c');
    expect(
      readdirSync(dir)
        .filter((name) => !name.startsWith('..'))
        .sort(),
    ).toEqual(['tls.crt', 'tls.key']);
    // The folder before is gone.
    expect(readdirSync(dir).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });
});
