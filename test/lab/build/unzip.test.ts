import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unzipFile } from './unzip.ts';

interface Member {
  readonly name: string;
  readonly text: string;
  readonly method?: number;
  readonly crc?: number;
}

/** An archive as Info-ZIP writes it, with an extra field in the local header that its directory has not. */
function zip(members: readonly Member[], comment = ''): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  for (const { name, text, method = 8, crc = crc32(text) } of members) {
    const packed = method === 8 ? deflateRawSync(text) : Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(Buffer.concat(locals).length, 42);
    locals.push(local, Buffer.from(name), Buffer.alloc(4), packed);
    directory.push(entry, Buffer.from(name));
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(Buffer.concat(locals).length, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)]);
}

describe('unzipFile()', () => {
  const text = 'a line\n'.repeat(100);

  it('reads deflated and stored files, each by its name', () => {
    const archive = zip([
      { name: 'helm/', text: '', method: 0 },
      { name: 'helm/helm', text },
      { name: 'kubectl/kubectl', text: 'stored', method: 0 },
    ]);
    expect(unzipFile(archive, 'helm/helm').toString()).toBe(text);
    expect(unzipFile(archive, 'kubectl/kubectl').toString()).toBe('stored');
  });

  it('finds the directory before a comment', () => {
    expect(unzipFile(zip([{ name: 'a', text }], 'made by hand'), 'a').toString()).toBe(text);
  });

  it.each([
    ['there is no "b" in it', zip([{ name: 'a', text }])],
    ['the checksum of "b" is wrong', zip([{ name: 'b', text, crc: 1 }])],
    ['"b" is packed by method 12', zip([{ name: 'b', text, method: 12 }])],
    ['it has no directory', Buffer.from('not an archive, but long enough for one')],
    ['it has no directory', Buffer.alloc(0)],
    ['its directory is broken', zip([{ name: 'b', text }], '').fill(0, 30, 80)],
  ])('refuses an archive when %s', (what, archive) => {
    expect(() => unzipFile(archive, 'b')).toThrow(what);
  });

  it('refuses an archive that is cut short, wherever it is cut', () => {
    const archive = zip([{ name: 'b', text }]);
    for (let length = 0; length < archive.length; length++)
      expect(() => unzipFile(archive.subarray(archive.length - length), 'b')).toThrow("can't be read");
  });
});
