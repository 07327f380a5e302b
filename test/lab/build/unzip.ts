import { crc32, inflateRawSync } from 'node:zlib';
import { MeshError } from '#lib/base';

/** Record signatures and offsets: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
const END_OF_DIRECTORY = { signature: 0x06054b50, size: 22, maxCommentSize: 0xffff };
const DIRECTORY_ENTRY = { signature: 0x02014b50, size: 46 };
const LOCAL_HEADER = { signature: 0x04034b50, size: 30 };
const METHOD = { stored: 0, deflated: 8 };

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly headerOffset: number;
}

/**
 * Reads one file out of a ZIP archive, and checks its CRC-32. For archives without encryption and under 4 GiB.
 *
 * @throws MeshError ZIP_INVALID when the archive is broken, the file is not in it, or it is packed in another way.
 */
export function unzipFile(archive: Buffer, name: string): Buffer {
  const entry = listEntries(archive).find((candidate) => candidate.name === name);
  if (entry === undefined) throw invalid(`there is no "${name}" in it`);
  const bytes = unpack(entry, readPacked(archive, entry));
  if (crc32(bytes) !== entry.crc) throw invalid(`the checksum of "${name}" is wrong`);
  return bytes;
}

function listEntries(archive: Buffer): Entry[] {
  const end = findEndOfDirectory(archive);
  const entries: Entry[] = [];
  let offset = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (offset + DIRECTORY_ENTRY.size > archive.length) throw invalid('its directory is cut short');
    if (archive.readUInt32LE(offset) !== DIRECTORY_ENTRY.signature) throw invalid('its directory is broken');
    const nameLength = archive.readUInt16LE(offset + 28);
    const nameOffset = offset + DIRECTORY_ENTRY.size;
    entries.push({
      name: archive.toString('utf8', nameOffset, nameOffset + nameLength),
      method: archive.readUInt16LE(offset + 10),
      crc: archive.readUInt32LE(offset + 16),
      compressedSize: archive.readUInt32LE(offset + 20),
      headerOffset: archive.readUInt32LE(offset + 42),
    });
    offset = nameOffset + nameLength + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32);
  }
  return entries;
}

/** It stands last, before a comment of unknown length. */
function findEndOfDirectory(archive: Buffer): number {
  const lowest = archive.length - END_OF_DIRECTORY.size - END_OF_DIRECTORY.maxCommentSize;
  for (let offset = archive.length - END_OF_DIRECTORY.size; offset >= Math.max(0, lowest); offset--)
    if (archive.readUInt32LE(offset) === END_OF_DIRECTORY.signature) return offset;
  throw invalid('it has no directory');
}

function readPacked(archive: Buffer, { name, headerOffset, compressedSize }: Entry): Buffer {
  const isInside = headerOffset + LOCAL_HEADER.size <= archive.length;
  if (!isInside || archive.readUInt32LE(headerOffset) !== LOCAL_HEADER.signature)
    throw invalid(`"${name}" is not where its directory says`);
  const start =
    headerOffset +
    LOCAL_HEADER.size +
    archive.readUInt16LE(headerOffset + 26) +
    archive.readUInt16LE(headerOffset + 28);
  if (start + compressedSize > archive.length) throw invalid(`"${name}" is cut short`);
  return archive.subarray(start, start + compressedSize);
}

function unpack({ name, method }: Entry, packed: Buffer): Buffer {
  if (method === METHOD.stored) return packed;
  if (method !== METHOD.deflated) throw invalid(`"${name}" is packed by method ${method}`);
  try {
    return inflateRawSync(packed);
  } catch (cause) {
    throw new MeshError('ZIP_INVALID', `This ZIP archive can't be read: "${name}" does not inflate.`, {
      cause,
    });
  }
}

function invalid(what: string): MeshError {
  return new MeshError('ZIP_INVALID', `This ZIP archive can't be read: ${what}.`);
}
