import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fileEntry, linkEntry, packLayer } from './layer.ts';

const listPaths = (pieces: readonly Uint8Array[]): string[] =>
  execFileSync('tar', ['-tf', '-'], { input: Buffer.concat(pieces), encoding: 'utf8' })
    .trim()
    .split('\n');

describe('packLayer()', () => {
  it('adds the folders above, each before what is in it', () => {
    const layer = packLayer([fileEntry('/usr/lib/a', 'a'), linkEntry('/bin', 'usr/bin')], 0);
    expect(listPaths(layer.pieces)).toEqual(['bin', 'usr/', 'usr/lib/', 'usr/lib/a']);
  });

  it('is the same whatever the order it is given', () => {
    const entries = [fileEntry('b', '2'), fileEntry('a/c', '1'), fileEntry('a-b', '3')];
    expect(packLayer(entries, 0).digest).toBe(packLayer(entries.toReversed(), 0).digest);
  });

  it('is known by the digest of its bytes', () => {
    const { pieces, digest, bytes } = packLayer([fileEntry('a', 'a')], 0);
    const archive = Buffer.concat(pieces);
    expect(digest).toBe(`sha256:${createHash('sha256').update(archive).digest('hex')}`);
    expect(bytes).toBe(archive.byteLength);
  });

  it('refuses a path that is there twice', () => {
    expect(() => packLayer([fileEntry('/a', '1'), linkEntry('a', 'b')], 0)).toThrow(
      '/a is put into one layer twice',
    );
  });
});
