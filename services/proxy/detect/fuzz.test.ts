import { expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { mutateBlock } from '../http/hpack/fuzz-cases.testing.ts';
import { parseClientHello } from './client-hello.ts';
import {
  checkHello,
  checkTransportHeader,
  generateHello,
  generateTransportHeader,
} from './fuzz-cases.testing.ts';
import { encodeTransportHeader, readTransportHeader } from './transport-header.ts';

const CASES = 100_000;
const WHOLE_CASES = 10_000;
const TIMEOUT_MS = 120_000;

it(
  'parseClientHello() finds name and protocols in 10,000 hellos, whatever else is in them',
  () => {
    const random = seededRandom(21);
    for (let done = 0; done < WHOLE_CASES; done++) {
      const { bytes, sni, alpn } = generateHello(random);
      const name = sni?.endsWith('.') === true ? expect.stringMatching(/^web\.shop\.?$/) : sni;
      expect(parseClientHello(bytes)).toEqual({ kind: 'tls', sni: name, alpn });
    }
  },
  TIMEOUT_MS,
);

it(
  'parseClientHello() keeps its word over 100,000 mutated hellos',
  () => {
    const random = seededRandom(22);
    const counts = { tls: 0, incomplete: 0, 'not-tls': 0 };
    for (let done = 0; done < CASES; done++)
      counts[checkHello(mutateBlock(generateHello(random).bytes, random))]++;
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(CASES / 100);
  },
  TIMEOUT_MS,
);

it(
  'readTransportHeader() keeps its word over 100,000 mutated headers',
  () => {
    const random = seededRandom(23);
    const counts = { header: 0, refused: 0, incomplete: 0 };
    for (let done = 0; done < CASES; done++) {
      const header = generateTransportHeader(random);
      const encoded = encodeTransportHeader(header);
      if (done % 10 === 0) expect(readTransportHeader(encoded)).toEqual({ ...header, bytes: encoded.length });
      counts[checkTransportHeader(mutateBlock(encoded, random))]++;
    }
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(CASES / 100);
  },
  TIMEOUT_MS,
);
