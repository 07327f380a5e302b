/** The part of DNS that cluster names need: one question, and records of five types. Source: RFC 1035, section 4. */
export const RECORD_TYPE = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33 } as const;
export const RCODE = { ok: 0, formatError: 1, nameError: 3, notImplemented: 4 } as const;

const CLASS_IN = 1;
/** Without EDNS an answer over UDP may have this many bytes. */
const UDP_MAX_BYTES = 512;
const HEADER_BYTES = 12;
const OPT = 41;

export interface DnsQuestion {
  /** Lower case, without the last dot. */
  readonly name: string;
  readonly type: number;
}

export interface DnsQuery {
  readonly id: number;
  readonly question: DnsQuestion;
  /** The question as it came, spelling included: it is sent back. */
  readonly questionBytes: Buffer;
  readonly recursionDesired: boolean;
  /** The size of answer that the client takes over UDP. */
  readonly udpMaxBytes: number;
}

export type DnsRecord = { readonly name: string; readonly ttlSeconds: number } & (
  | { readonly type: 'A'; readonly ip: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'SRV'; readonly port: number; readonly weight: number; readonly target: string }
  | { readonly type: 'SOA'; readonly zone: string }
);

export interface DnsAnswer {
  readonly rcode: number;
  readonly answers: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** For answers without records: how long that may be remembered. */
  readonly authority: readonly DnsRecord[];
}

/** Parses a standard query of one question; undefined for anything else. */
export function parseQuery(message: Buffer): DnsQuery | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = message.readUInt16BE(2);
  const isQuery = (flags & 0x8000) === 0 && (flags & 0x7800) === 0;
  if (!isQuery || message.readUInt16BE(4) !== 1) return undefined;
  const name = readName(message, HEADER_BYTES);
  if (name === undefined || name.end + 4 > message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    question: { name: name.text.toLowerCase(), type: message.readUInt16BE(name.end) },
    questionBytes: message.subarray(HEADER_BYTES, name.end + 4),
    recursionDesired: (flags & 0x0100) !== 0,
    udpMaxBytes: readEdnsSize(message, name.end + 4),
  };
}

/** The reply to `query`; over UDP one too large loses its records and tells the client to ask over TCP. */
export function renderReply(query: DnsQuery, answer: DnsAnswer, transport: 'udp' | 'tcp'): Buffer {
  const sections = [answer.answers, answer.authority, answer.additional];
  const records = sections.flat().map(renderRecord);
  const whole = Buffer.concat([renderHeader(query, answer.rcode, sections), query.questionBytes, ...records]);
  if (transport === 'tcp' || whole.length <= query.udpMaxBytes) return whole;
  const short = Buffer.concat([renderHeader(query, answer.rcode, [[], [], []]), query.questionBytes]);
  short[2] = (short[2] ?? 0) | 0x02;
  return short;
}

/** The reply to a message that is no query we know: its id and an error code; undefined when there is no id. */
export function renderRefusal(message: Buffer): Buffer | undefined {
  if (message.length < HEADER_BYTES || (message[2] ?? 0) >= 0x80) return undefined;
  const reply = Buffer.alloc(HEADER_BYTES);
  message.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(0x8000 | ((message[2] ?? 0) & 0x78 ? RCODE.notImplemented : RCODE.formatError), 2);
  return reply;
}

function renderHeader(query: DnsQuery, rcode: number, sections: readonly (readonly DnsRecord[])[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.id, 0);
  // Response, authoritative, recursion available: as CoreDNS answers for the cluster's zone.
  header.writeUInt16BE(0x8480 | (query.recursionDesired ? 0x0100 : 0) | rcode, 2);
  header.writeUInt16BE(1, 4);
  sections.forEach((section, index) => {
    header.writeUInt16BE(section.length, 6 + index * 2);
  });
  return header;
}

function renderRecord(record: DnsRecord): Buffer {
  const name = renderName(record.name);
  const data = renderData(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(RECORD_TYPE[record.type], 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt32BE(record.ttlSeconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

function renderData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.ip.split('.').map(Number));
    case 'CNAME':
      return renderName(record.target);
    case 'SRV': {
      const fixed = Buffer.alloc(6);
      fixed.writeUInt16BE(record.weight, 2);
      fixed.writeUInt16BE(record.port, 4);
      return Buffer.concat([fixed, renderName(record.target)]);
    }
    case 'SOA': {
      const timers = Buffer.alloc(20);
      [1, 7200, 1800, 86_400, record.ttlSeconds].forEach((value, index) => {
        timers.writeUInt32BE(value, index * 4);
      });
      return Buffer.concat([
        renderName(`ns.dns.${record.zone}`),
        renderName(`hostmaster.${record.zone}`),
        timers,
      ]);
    }
  }
}

function renderName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Reads a name without compression, which a question never has. */
function readName(message: Buffer, start: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    if (length === 0) return { text: labels.join('.'), end: at + 1 };
    if (at + 1 + length > message.length) return undefined;
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}

/** The UDP size of an OPT record that follows the question directly, as resolvers send it (RFC 6891). */
function readEdnsSize(message: Buffer, at: number): number {
  const isOpt = message.length >= at + 5 && message[at] === 0 && message.readUInt16BE(at + 1) === OPT;
  return isOpt ? Math.max(UDP_MAX_BYTES, message.readUInt16BE(at + 3)) : UDP_MAX_BYTES;
}
