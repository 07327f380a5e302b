/** A TCP segment with a payload, as a capture file holds it. */
export interface Segment {
  /** `10.42.0.9:8080` */
  readonly source: string;
  readonly destination: string;
  readonly sequence: number;
  readonly payload: Buffer;
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINKTYPE_ETHERNET = 1;
const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_TCP = 6;

/**
 * The TCP segments over IPv4 of a capture of an Ethernet link, in the order captured; empty ones are left out, and
 * so is a last record that is cut off. Throws for a file of another kind. Source: RFC draft-ietf-opsawg-pcap.
 */
export function readSegments(file: Buffer): readonly Segment[] {
  const bigEndian = isMagic(file.length < FILE_HEADER_BYTES ? 0 : file.readUInt32BE(0));
  if (!bigEndian && !(file.length >= FILE_HEADER_BYTES && isMagic(file.readUInt32LE(0)))) {
    throw new Error('the capture is no pcap file');
  }
  const readUInt32 = (at: number) => (bigEndian ? file.readUInt32BE(at) : file.readUInt32LE(at));
  const linkType = readUInt32(20) & 0xffff;
  if (linkType !== LINKTYPE_ETHERNET)
    throw new Error(`the capture is of link type ${linkType}, not of Ethernet`);
  const segments: Segment[] = [];
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= file.length; ) {
    const start = at + RECORD_HEADER_BYTES;
    const end = start + readUInt32(at + 8);
    if (end > file.length) break;
    const segment = readSegment(file.subarray(start, end));
    if (segment !== undefined) segments.push(segment);
    at = end;
  }
  return segments;
}

function isMagic(magic: number): boolean {
  return magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS;
}

function readSegment(frame: Buffer): Segment | undefined {
  if (frame.length < ETHERNET_BYTES + 40 || frame.readUInt16BE(12) !== ETHERTYPE_IPV4) return undefined;
  const ip = frame.subarray(ETHERNET_BYTES);
  if (ip.readUInt8(9) !== PROTOCOL_TCP) return undefined;
  const ipHeaderBytes = (ip.readUInt8(0) & 0x0f) * 4;
  // Segments that the kernel has not cut up yet may say 0.
  const ipBytes = ip.readUInt16BE(2) || ip.length;
  const tcp = ip.subarray(ipHeaderBytes, ipBytes);
  if (tcp.length < 20) return undefined;
  const payload = tcp.subarray((tcp.readUInt8(12) >> 4) * 4);
  if (payload.length === 0) return undefined;
  return {
    source: `${formatIp(ip, 12)}:${tcp.readUInt16BE(0)}`,
    destination: `${formatIp(ip, 16)}:${tcp.readUInt16BE(2)}`,
    sequence: tcp.readUInt32BE(4),
    payload,
  };
}

function formatIp(ip: Buffer, at: number): string {
  return [...ip.subarray(at, at + 4)].join('.');
}
