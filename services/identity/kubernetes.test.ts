import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identity } from '#lib/api';
import { createGrpcClient, GrpcStatus } from '#lib/grpc';
import { parseCertificate } from '#lib/pki';
import type { KubeObject, ResourceKind } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../lib/cluster/testing/api-server.ts';
import { type IdentityApp, startIdentity } from './app.ts';
import { parseIdentityConfig } from './config.ts';
import {
  type CredentialFolder,
  createAuthority,
  createCredentialFolder,
  createCsr,
  IDENTITY,
} from './testing/authority.ts';

type Event = KubeObject & { readonly reason: string; readonly involvedObject: Record<string, string> };
const EVENTS: ResourceKind<Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
const TOKEN = 'token-of-web';

let api: FakeApiServer;
let folder: CredentialFolder;
let app: IdentityApp | undefined;
let lines: string[];

beforeEach(async () => {
  api = await startFakeApiServer();
  const audiences = ['identity.l5d.io'];
  api.reviews.tokens.set(TOKEN, { username: 'system:serviceaccount:shop:web', audiences });
  folder = await createCredentialFolder();
  const authority = createAuthority(Date.now());
  await folder.writeIssuer(authority.issuer);
  await folder.writeAnchors(authority.anchor);
  lines = [];
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await api.close();
  await folder.remove();
});

async function start(): Promise<IdentityApp> {
  const kubeconfig = join(folder.path, 'kubeconfig');
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c' } }],
    clusters: [{ name: 'c', cluster: { server: api.url } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const flags = ['-addr=127.0.0.1:0', '-admin-addr=127.0.0.1:0', '-identity-trust-domain=cluster.local'];
  const files = ['-issuer', folder.path, '-trust-anchors', folder.anchorsFile, '-kubeconfig', kubeconfig];
  const log = createLogger({ target: 'test', write: (line) => lines.push(line) });
  app = await startIdentity(parseIdentityConfig([...flags, ...files], {}), { log });
  return app;
}

async function certify(token = TOKEN) {
  const client = createGrpcClient(identity.Identity, { address: `127.0.0.1:${app?.port}` });
  try {
    const request = { identity: IDENTITY, token: Buffer.from(token), certificateSigningRequest: createCsr() };
    return await client.certify(request);
  } finally {
    client.close();
  }
}

describe('the identity service with a Kubernetes API', () => {
  it('has tokens reviewed, and tells of the certificate at the ServiceAccount', async () => {
    await start();
    const { leafCertificate } = await certify();
    const { fingerprintSha256 } = parseCertificate(leafCertificate);
    await expect
      .poll(() => api.list(EVENTS), { timeout: 5000 })
      .toMatchObject([
        {
          metadata: { namespace: 'shop' },
          reason: 'IssuedLeafCertificate',
          type: 'Normal',
          message: expect.stringContaining(fingerprintSha256),
          // The uid is what `kubectl describe serviceaccount web` looks for.
          involvedObject: { kind: 'ServiceAccount', namespace: 'shop', name: 'web', uid: '1' },
          source: { component: 'linkerd-identity' },
        },
      ]);
    expect(lines.join('')).toContain(`issued certificate for ${IDENTITY}`);
  });

  it('refuses a token that the API does not take', async () => {
    await start();
    await expect(certify('other')).rejects.toMatchObject({
      code: GrpcStatus.InvalidArgument,
      message: 'The token is not valid: [invalid bearer token]',
    });
  });

  it('tells of a refused issuer at its Deployment', async () => {
    const running = await start();
    await folder.writeIssuer(createAuthority(Date.now()).issuer);
    await running.checkFiles();
    await expect
      .poll(() => api.list(EVENTS), { timeout: 5000 })
      .toMatchObject([
        {
          metadata: { namespace: 'linkerd' },
          reason: 'IssuerUpdateSkipped',
          type: 'Warning',
          involvedObject: { kind: 'Deployment', namespace: 'linkerd', name: 'linkerd-identity' },
        },
      ]);
  });

  it('does not start where it may not have tokens reviewed', async () => {
    api.reviews.decideAccess = () => false;
    await expect(start()).rejects.toMatchObject({ code: 'IDENTITY_TOKEN_REVIEW_FORBIDDEN' });
  });

  it('starts while the API is away, and answers once it is back', async () => {
    await api.stop();
    await start();
    expect(lines.join('')).toContain('could not be asked whether tokens may be reviewed');
    await api.restart();
    await certify();
  }, 30_000);
});
