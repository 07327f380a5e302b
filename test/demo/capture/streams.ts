import type { Segment } from './packets.ts';

/** What one side of a connection sent, as far as the capture holds it. */
export interface Stream {
  readonly source: string;
  readonly destination: string;
  /** The bytes in their order, without what was sent twice; what was not captured is left out. */
  readonly bytes: Buffer;
  readonly segments: number;
  /** Segments that begin with the header of a TLS record. */
  readonly tlsSegments: number;
}

/** Puts the segments of each direction of each connection together. */
export function joinStreams(segments: readonly Segment[]): readonly Stream[] {
  const groups = Map.groupBy(segments, ({ source, destination }) => `${source} ${destination}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return {
      source: first.source,
      destination: first.destination,
      bytes: joinBytes(group, first.sequence),
      segments: group.length,
      tlsSegments: group.filter(({ payload }) => isTlsRecord(payload)).length,
    };
  });
}

/** How often the text stands in the streams. */
export function countText(streams: readonly Stream[], text: string): number {
  return streams.reduce((sum, { bytes }) => {
    let count = 0;
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + text.length)) count += 1;
    return sum + count;
  }, 0);
}

function joinBytes(group: readonly Segment[], base: number): Buffer {
  // Sequence numbers wrap around; the signed distance from the first one does not, within 2 GiB.
  const placed = group.map(({ sequence, payload }) => ({ at: (sequence - base) | 0, payload }));
  placed.sort((left, right) => left.at - right.at);
  const parts: Buffer[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { at, payload } of placed) {
    const fresh = at >= end ? payload : payload.subarray(end - at);
    if (fresh.length > 0) parts.push(fresh);
    end = Math.max(end, at + payload.length);
  }
  return Buffer.concat(parts);
}

/** Content type handshake or application data, and the version that TLS 1.3 writes. Source: RFC 8446, section 5.1. */
function isTlsRecord(payload: Buffer): boolean {
  return (payload[0] === 0x16 || payload[0] === 0x17) && payload[1] === 0x03 && (payload[2] ?? 9) <= 0x03;
}
