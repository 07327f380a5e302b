import { describe, expect, it } from 'vitest';
import { type DnsAnswer, type DnsRecord, parseQuery, renderRefusal, renderReply } from './dns-message.ts';

/** A query as `dig +noedns web.Shop A` sends it: id 0x1234, recursion desired. */
const QUERY = Buffer.from('123401000001000000000000037765620453686f700000010001', 'hex');
const EMPTY: DnsAnswer = { rcode: 3, answers: [], additional: [], authority: [] };

describe('parseQuery()', () => {
  it('reads the question in lower case', () => {
    expect(parseQuery(QUERY)).toMatchObject({
      id: 0x1234,
      question: { name: 'web.shop', type: 1 },
      udpMaxBytes: 512,
    });
  });

  it('reads how much the client takes over UDP', () => {
    const edns = Buffer.concat([QUERY, Buffer.from('00002904d0000000000000', 'hex')]);
    expect(parseQuery(edns)?.udpMaxBytes).toBe(1232);
  });

  it('takes no response, no cut-off name, no pointer in a question', () => {
    const response = Buffer.from(QUERY);
    response[2] = 0x81;
    expect(parseQuery(response)).toBeUndefined();
    for (let length = 0; length < QUERY.length; length++)
      expect(parseQuery(QUERY.subarray(0, length))).toBeUndefined();
    expect(parseQuery(Buffer.from('12340100000100000000000000c00c00010001', 'hex'))?.question.name).not.toBe(
      'c',
    );
    expect(renderRefusal(response)).toBeUndefined();
    expect(renderRefusal(QUERY.subarray(0, 14))?.toString('hex')).toBe('123480010000000000000000');
  });
});

describe('renderReply()', () => {
  const query = parseQuery(QUERY)!;

  it('sends the question back as it came, with the records after it', () => {
    const answers: DnsRecord[] = [{ name: 'web.shop', ttlSeconds: 5, type: 'A', ip: '10.96.0.20' }];
    const reply = renderReply(query, { ...EMPTY, rcode: 0, answers }, 'udp').toString('hex');
    expect(reply).toBe(
      `1234858000010001000000000377656204${'53686f70'}0000010001${'03776562'}0473686f7000000100010000000500040a600014`,
    );
  });

  it('cuts what is too large for UDP, so that the client comes back over TCP', () => {
    const answers = Array.from(
      { length: 60 },
      (): DnsRecord => ({ name: 'web.shop', ttlSeconds: 5, type: 'A', ip: '10.0.0.1' }),
    );
    const udp = renderReply(query, { ...EMPTY, rcode: 0, answers }, 'udp');
    expect(udp.length).toBeLessThanOrEqual(512);
    expect(udp.readUInt16BE(2) & 0x0200).toBe(0x0200);
    expect(udp.readUInt16BE(6)).toBe(0);
    const tcp = renderReply(query, { ...EMPTY, rcode: 0, answers }, 'tcp');
    expect(tcp.readUInt16BE(6)).toBe(60);
    expect(tcp.readUInt16BE(2) & 0x0200).toBe(0);
  });
});
