import { describe, expect, test } from 'vitest';
import { readSegments } from './packets.ts';
import { countText, joinStreams } from './streams.ts';

interface Wanted {
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly text: string;
}

function buildFrame({ from, to, sequence, text }: Wanted): Buffer {
  const [source, destination] = [from, to].map((end) => {
    const [ip = '', port = ''] = end.split(':');
    return { ip: Buffer.from(ip.split('.').map(Number)), port: Number(port) };
  });
  const tcp = Buffer.alloc(32);
  tcp.writeUInt16BE(source?.port ?? 0, 0);
  tcp.writeUInt16BE(destination?.port ?? 0, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt8(8 << 4, 12);
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + tcp.length + text.length, 2);
  ip.writeUInt8(6, 9);
  source?.ip.copy(ip, 12);
  destination?.ip.copy(ip, 16);
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(0x0800, 12);
  return Buffer.concat([ethernet, ip, tcp, Buffer.from(text, 'latin1')]);
}

function buildFile(frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

const A = '10.42.0.8:40000';
const B = '10.42.0.9:4143';

describe('a capture', () => {
  test('tells the connections, and what each side sent', () => {
    const file = buildFile([
      buildFrame({ from: A, to: B, sequence: 1, text: 'ping' }),
      buildFrame({ from: B, to: A, sequence: 9, text: 'pong!' }),
      buildFrame({ from: A, to: B, sequence: 5, text: '' }),
    ]);
    const streams = joinStreams(readSegments(file));
    expect(streams.map(({ source, destination, bytes }) => [source, destination, `${bytes}`])).toEqual([
      [A, B, 'ping'],
      [B, A, 'pong!'],
    ]);
  });

  test('shows a text that is split over segments, out of order, sent twice, or over the end of the numbers', () => {
    const last = 0xffff_fffe;
    const file = buildFile([
      buildFrame({ from: A, to: B, sequence: last, text: 'ma' }),
      buildFrame({ from: A, to: B, sequence: last + 4, text: 'er marker' }),
      buildFrame({ from: A, to: B, sequence: last + 2, text: 'rk' }),
      buildFrame({ from: A, to: B, sequence: last + 2, text: 'rker' }),
    ]);
    const streams = joinStreams(readSegments(file));
    expect(`${streams[0]?.bytes}`).toBe('marker marker');
    expect(countText(streams, 'marker')).toBe(2);
    expect(countText(streams, 'other')).toBe(0);
  });

  test('counts segments that begin with a TLS record', () => {
    const frames = ['\x17\x03\x03\x00\x10', '\x16\x03\x01\x00\x10', 'GET / HTTP/1.1', '\x17\x03'].map(
      (text, index) => buildFrame({ from: A, to: B, sequence: index * 100, text }),
    );
    expect(joinStreams(readSegments(buildFile(frames)))[0]).toMatchObject({ segments: 4, tlsSegments: 2 });
  });

  test('leaves out a record that is cut off, and refuses another kind of file', () => {
    const file = buildFile([
      buildFrame({ from: A, to: B, sequence: 1, text: 'ping' }),
      buildFrame({ from: A, to: B, sequence: 5, text: 'pong' }),
    ]);
    expect(readSegments(file.subarray(0, -1))).toHaveLength(1);
    expect(() => readSegments(Buffer.from('not a capture, but a text of some length'))).toThrow(
      'no pcap file',
    );
    expect(() => readSegments(Buffer.alloc(0))).toThrow('no pcap file');
  });
});
