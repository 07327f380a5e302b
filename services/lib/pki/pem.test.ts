import { describe, expect, it } from 'vitest';
import { formatPem, parsePem } from './pem.ts';

const A = formatPem('CERTIFICATE', Buffer.from('first'));
const B = formatPem('PRIVATE KEY', Buffer.alloc(200, 7));

describe('parsePem()', () => {
  it('reads back what formatPem() wrote', () => {
    const blocks = parsePem(A + B, 'x.pem');
    expect(blocks.map(({ label }) => label)).toEqual(['CERTIFICATE', 'PRIVATE KEY']);
    expect(blocks[0]?.der.toString()).toBe('first');
    expect(blocks[1]?.der).toEqual(Buffer.alloc(200, 7));
  });

  it.each([
    ['no newline at the end', A.trimEnd()],
    ['many newlines at the end', `${A}\n\n\n`],
    ['CRLF', A.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${A}`],
    ['text around the block', `subject=CN = root\nissuer=CN = root\n${A}some words\n`],
    ['indentation, as YAML leaves it', A.replaceAll(/^/gm, '    ')],
    ['blank lines inside', A.replace('-----\n', '-----\n\n')],
  ])('takes %s', (_, text) => {
    expect(parsePem(text, 'x.pem').map(({ der }) => der.toString())).toEqual(['first']);
  });

  it.each([
    ['', 'x.pem is empty; give it a PEM block ("-----BEGIN …").'],
    ['hello', 'x.pem holds no PEM block ("-----BEGIN …"); give it PEM text, neither DER nor base64 alone.'],
    [
      `${A}-----BEGIN CERTIFICATE-----\nAAAA\n`,
      'x.pem: PEM block 2 (line 4) is unreadable: its line "-----END CERTIFICATE-----" is missing.',
    ],
    [
      A.replace('END CERTIFICATE', 'END PRIVATE KEY'),
      'x.pem: PEM block 1 (line 1) is unreadable: it begins as CERTIFICATE and ends as PRIVATE KEY.',
    ],
    [
      `${A}${A.replace('Zmly', 'Zm*y')}`,
      'x.pem: PEM block 2 (line 4) is unreadable: its content is not base64; copy the block again, whole.',
    ],
    [
      '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      'x.pem: PEM block 1 (line 1) is unreadable: it is empty.',
    ],
    [
      A.replaceAll('\n', ' '),
      'x.pem: PEM block 1 (line 1) is unreadable: "-----BEGIN CERTIFICATE----- Zmlyc3Q= -----END CERTIFICATE---" is not a line by itself; keep the line breaks of the PEM text.',
    ],
    [
      '-----END CERTIFICATE-----\n',
      'x.pem: PEM block 1 (line 1) is unreadable: its line "-----BEGIN CERTIFICATE-----" is missing.',
    ],
  ])('says of %j which block is unreadable and how', (text, sentence) => {
    expect(() => parsePem(text, 'x.pem')).toThrow(
      expect.objectContaining({ code: 'PKI_PEM_UNREADABLE', message: sentence }),
    );
  });
});
