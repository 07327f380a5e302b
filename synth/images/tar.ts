/** Archives in the POSIX format (pax), the same bytes for the same entries. Source: IEEE Std 1003.1-2017, pax. */

export interface TarEntry {
  /** Without a slash at either end. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  /** A file's bytes, in pieces. */
  readonly content?: readonly Uint8Array[];
  /** Where a symbolic link points to. */
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}

export interface TarOptions {
  /** Seconds since the Unix epoch, of every entry. */
  readonly mtimeS: number;
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const TYPE_FLAG = { file: '0', symlink: '2', directory: '5', pax: 'x' } as const;

/** The archive of the entries in their order, owned by root, in pieces; files' contents are not copied. */
export function packTar(entries: readonly TarEntry[], { mtimeS }: TarOptions): readonly Uint8Array[] {
  const pieces = entries.flatMap((entry) => packEntry(entry, mtimeS));
  return [...pieces, Buffer.alloc(2 * BLOCK_BYTES)];
}

export function countBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function packEntry(entry: TarEntry, mtimeS: number): readonly Uint8Array[] {
  const { type, mode, content = [], target = '' } = entry;
  const path = type === 'directory' ? `${entry.path}/` : entry.path;
  const size = countBytes(content);
  const header = encodeHeader({ path, flag: TYPE_FLAG[type], mode, size, target, mtimeS });
  return [...packExtras({ ...entry, path, target }, mtimeS), header, ...content, pad(size)];
}

interface Extras {
  readonly path: string;
  readonly target: string;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}

/** The pax header in front of an entry that has what the old header can't hold. */
function packExtras({ path, target, xattrs = {} }: Extras, mtimeS: number): readonly Uint8Array[] {
  const records: Uint8Array[] = [];
  if (!fits(path)) records.push(encodeRecord('path', Buffer.from(path)));
  if (!fits(target)) records.push(encodeRecord('linkpath', Buffer.from(target)));
  for (const name of Object.keys(xattrs).sort()) {
    records.push(encodeRecord(`SCHILY.xattr.${name}`, xattrs[name] ?? Buffer.alloc(0)));
  }
  if (records.length === 0) return [];
  const size = countBytes(records);
  const name = `PaxHeaders/${path.slice(0, NAME_BYTES / 2)}`;
  const header = encodeHeader({ path: name, flag: TYPE_FLAG.pax, mode: 0o644, size, target: '', mtimeS });
  return [header, ...records, pad(size)];
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= NAME_BYTES;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function encodeRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.byteLength;
  while (String(length).length + rest.byteLength !== length) length = String(length).length + rest.byteLength;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

interface Header {
  readonly path: string;
  readonly flag: string;
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  readonly mtimeS: number;
}

function encodeHeader({ path, flag, mode, size, target, mtimeS }: Header): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  // What doesn't fit stands in the pax header.
  header.write(path, 0, NAME_BYTES);
  writeOctal(header, { at: 100, width: 8 }, mode);
  writeOctal(header, { at: 108, width: 8 }, 0);
  writeOctal(header, { at: 116, width: 8 }, 0);
  writeOctal(header, { at: 124, width: 12 }, size);
  writeOctal(header, { at: 136, width: 12 }, mtimeS);
  header.write(flag, 156);
  header.write(target, 157, NAME_BYTES);
  header.write('ustar\x0000', 257);
  // The sum counts its own field as spaces.
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function writeOctal(header: Buffer, { at, width }: { at: number; width: number }, value: number): void {
  header.write(value.toString(8).padStart(width - 1, '0'), at);
}

function pad(bytes: number): Uint8Array {
  return Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}
