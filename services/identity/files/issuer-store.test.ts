import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCertificates, formatPrivateKey, generatePrivateKey } from '#lib/pki';
import type { IdentityEvent } from '../core/event.ts';
import {
  type CredentialFolder,
  createAuthority,
  createCredentialFolder,
  HOUR_MS,
} from '../testing/authority.ts';
import { readCredentialFiles } from './credential-files.ts';
import { createIssuerStore } from './issuer-store.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const first = createAuthority(NOW_MS);
const second = createAuthority(NOW_MS, { anchor: first.anchor });

let folder: CredentialFolder;
let events: IdentityEvent[];
let nowMs: number;

beforeEach(async () => {
  folder = await createCredentialFolder();
  events = [];
  nowMs = NOW_MS;
  await folder.writeIssuer(first.issuer);
  await folder.writeAnchors(first.anchor);
});
afterEach(() => folder.remove());

function open(scheme = 'linkerd.io/tls') {
  const paths = { issuerDir: folder.path, scheme, trustAnchorsFile: folder.anchorsFile };
  return createIssuerStore({
    read: () => readCredentialFiles(paths),
    clock: { now: () => nowMs, monotonic: () => 0 },
    events: { record: (event) => events.push(event) },
  });
}

const serial = (store: ReturnType<typeof open>) => store.get()?.issuer.certificate.serialHex;

describe('an issuer store', () => {
  it('takes over a new issuer, tells of it once, and of nothing while nothing changes', async () => {
    const store = open();
    await store.load();
    expect(await store.refresh()).toBe('unchanged');
    await folder.writeIssuer(second.issuer);
    expect(await store.refresh()).toBe('updated');
    expect(await store.refresh()).toBe('unchanged');
    expect(serial(store)).toBe(second.issuer.certificate.serialHex);
    expect(events).toEqual([{ type: 'Normal', reason: 'IssuerUpdated', message: 'Updated identity issuer' }]);
  });

  it('keeps the old issuer when the new one is bad, says why once, and takes the next good one', async () => {
    const store = open();
    await store.load();
    await folder.writeIssuer({ ...second.issuer, key: generatePrivateKey() });
    expect(await store.refresh()).toBe('refused');
    expect(await store.refresh()).toBe('unchanged');
    expect(serial(store)).toBe(first.issuer.certificate.serialHex);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: 'Warning', reason: 'IssuerUpdateSkipped' });
    expect(events[0]?.message).toMatch(/key\.pem does not fit .*crt\.pem/);
    await folder.writeIssuer(second.issuer);
    expect(await store.refresh()).toBe('updated');
  });

  it('takes an issuer of the future when its time has come, though its files did not change again', async () => {
    const store = open();
    await store.load();
    const early = createAuthority(NOW_MS, {
      anchor: first.anchor,
      issuer: { notBeforeMs: NOW_MS + HOUR_MS },
    });
    await folder.writeIssuer(early.issuer);
    expect(await store.refresh()).toBe('refused');
    nowMs += 1000;
    expect(await store.refresh()).toBe('unchanged');
    nowMs += HOUR_MS;
    expect(await store.refresh()).toBe('updated');
  });

  it('follows the trust anchors', async () => {
    const store = open();
    await store.load();
    const other = createAuthority(NOW_MS);
    await folder.writeIssuer(other.issuer);
    expect(await store.refresh()).toBe('refused');
    await folder.writeAnchors(first.anchor, other.anchor);
    expect(await store.refresh()).toBe('updated');
    expect(store.get()?.anchors).toHaveLength(2);
  });

  it('survives files that are gone for a while', async () => {
    const store = open();
    await store.load();
    await rm(folder.anchorsFile);
    expect(await store.refresh()).toBe('refused');
    expect(events[0]?.message).toMatch(/ca-bundle\.crt cannot be read: it does not exist; check the path/);
    await folder.writeAnchors(first.anchor);
    expect(await store.refresh()).toBe('unchanged');
    expect(serial(store)).toBe(first.issuer.certificate.serialHex);
  });

  it('reads either form of the Secret, and the scheme decides between both', async () => {
    await folder.writeIssuer(second.issuer, 'kubernetes');
    const native = open('linkerd.io/tls');
    await native.load();
    expect(serial(native)).toBe(first.issuer.certificate.serialHex);
    const kubernetes = open('kubernetes.io/tls');
    await kubernetes.load();
    expect(serial(kubernetes)).toBe(second.issuer.certificate.serialHex);
    await rm(join(folder.path, 'crt.pem'));
    const only = open('linkerd.io/tls');
    await only.load();
    expect(serial(only)).toBe(second.issuer.certificate.serialHex);
  });

  it('says what is missing from the directory', async () => {
    await rm(join(folder.path, 'crt.pem'));
    await expect(open().load()).rejects.toThrow(
      `The issuer directory ${folder.path} holds no issuer; put there crt.pem and key.pem, or tls.crt and tls.key.`,
    );
  });

  it('reads a Secret volume through the link that Kubernetes swaps', async () => {
    const volume = join(folder.path, 'volume');
    await mkdir(volume);
    const swap = async (version: string, authority: typeof first) => {
      await mkdir(join(volume, version));
      await writeFile(join(volume, version, 'tls.crt'), formatCertificates([authority.issuer.certificate]));
      await writeFile(join(volume, version, 'tls.key'), formatPrivateKey(authority.issuer.key));
      await symlink(version, join(volume, '..data_tmp'));
      await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    await swap('..1', first);
    const store = createIssuerStore({
      read: () =>
        readCredentialFiles({
          issuerDir: volume,
          scheme: 'kubernetes.io/tls',
          trustAnchorsFile: folder.anchorsFile,
        }),
      clock: { now: () => nowMs, monotonic: () => 0 },
      events: { record: () => {} },
    });
    await store.load();
    await swap('..2', second);
    expect(await store.refresh()).toBe('updated');
    expect(serial(store)).toBe(second.issuer.certificate.serialHex);
  });
});
