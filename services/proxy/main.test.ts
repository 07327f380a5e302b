import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrustAnchor, formatCertificates } from '#lib/pki';

const MAIN = new URL('./main.ts', import.meta.url).pathname;

describe('the exit status of a proxy that cannot start', () => {
  let dir: string;
  const { certificate } = createTrustAnchor({
    commonName: 'root.linkerd.cluster.local',
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 3_600_000,
  });
  const anchors = formatCertificates([certificate]);
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'proxy-main-'));
    writeFileSync(join(dir, 'token'), 'token');
    writeFileSync(join(dir, 'empty'), '');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const run = (changes: Readonly<Record<string, string>>) => {
    const variables: Readonly<Record<string, string>> = {
      IDENTITY_TRUST_ANCHORS: anchors,
      IDENTITY_TOKEN_FILE: join(dir, 'token'),
      IDENTITY_LOCAL_NAME: 'web.shop',
      IDENTITY_SVC_ADDR: 'localhost.:8080',
      DESTINATION_SVC_ADDR: 'localhost.:8086',
      POLICY_SVC_ADDR: 'localhost.:8090',
      POLICY_WORKLOAD: 'web',
      INBOUND_LISTEN_ADDR: '127.0.0.1:0',
      OUTBOUND_LISTEN_ADDRS: '127.0.0.1:0',
      ADMIN_LISTEN_ADDR: '127.0.0.1:0',
      ...changes,
    };
    const env = Object.fromEntries(
      Object.entries(variables).map(([suffix, text]) => [`LINKERD2_PROXY_${suffix}`, text]),
    );
    return spawnSync(process.execPath, [MAIN], { env, encoding: 'utf8', timeout: 60_000 });
  };

  // Facts sheets proxy-env, "Value syntaxes", and proxy-wire, section 10.
  it.each([
    [
      'a value that cannot be read',
      { LOG: 'loud' },
      64,
      /^Invalid configuration: .*LINKERD2_PROXY_LOG "loud"/,
    ],
    ['a token that is not there', { IDENTITY_TOKEN_FILE: '/nowhere' }, 64, /token \/nowhere .* ENOENT/],
    ['a token without content', { IDENTITY_TOKEN_FILE: 'empty' }, 64, /is empty; mount the token there/],
    ['anchors that are none', { IDENTITY_TRUST_ANCHORS: 'anchors' }, 1, /TRUST_ANCHORS holds no PEM block/],
    ['an address that is not ours', { INBOUND_LISTEN_ADDR: '192.0.2.1:4143' }, 1, /192\.0\.2\.1/],
  ])(
    '%s',
    (_, changes, status, sentence) => {
      const file = 'IDENTITY_TOKEN_FILE' in changes ? changes.IDENTITY_TOKEN_FILE : undefined;
      const ended = run({
        ...changes,
        ...(file === 'empty' && { IDENTITY_TOKEN_FILE: join(dir, file) }),
      } as Readonly<Record<string, string>>);
      expect(ended.stderr).toMatch(sentence);
      expect(ended.status).toBe(status);
    },
    60_000,
  );
});
