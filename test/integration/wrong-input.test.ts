import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrustAnchor, issueIssuer } from '#lib/pki';
import { createTokenSigner } from '../../services/identity/testing/token.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import {
  createAuthority,
  NOW,
  nameWorkload,
  PAST,
  type PemFiles,
  writeCredentials,
} from './mesh/authority.ts';

const SERVICES = new URL('../../services/', import.meta.url).pathname;
const PROXY_ENV = 'LINKERD2_PROXY_';

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with no environment but `env`; what does not end by itself is ended, with status 124. */
function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const main = `${SERVICES}${program}/main.ts`;
  const options = { env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 20_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.killed === true ? 124 : Number(error.code);
      resolve({ status, stdout, stderr });
    });
  });
}

/** One sentence on standard error, that says which thing, what is wrong with it, and what to do. */
function expectSentence(ended: Ended, status: number, parts: readonly (string | RegExp)[]): void {
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(ended.stderr).not.toMatch(/node:internal|file:|undefined|\[object/);
  for (const part of parts) expect(ended.stderr).toMatch(part);
  expect(ended.status).toBe(status);
}

let dir: string;
let files: Readonly<Record<'anchor' | 'issuer' | 'stranger' | 'oldAnchor' | 'belowOldAnchor', PemFiles>>;
let taken: Server;
let takenPort: number;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'linkerd-wrong-'));
  const authority = createAuthority();
  const oldAnchor = createTrustAnchor({ ...PAST, commonName: 'root.linkerd.cluster.local' });
  const belowOldAnchor = issueIssuer({
    ...NOW,
    anchor: oldAnchor,
    commonName: 'identity.linkerd.cluster.local',
  });
  files = {
    anchor: writeCredentials(dir, 'anchor', [authority.anchor]),
    issuer: writeCredentials(dir, 'issuer', [authority.issuer]),
    stranger: writeCredentials(dir, 'stranger', [createAuthority().issuer]),
    oldAnchor: writeCredentials(dir, 'old-anchor', [oldAnchor]),
    belowOldAnchor: writeCredentials(dir, 'below-old-anchor', [belowOldAnchor]),
  };
  writeFileSync(join(dir, 'garbage'), 'this is no PEM\n');
  writeFileSync(join(dir, 'token'), 'a.b.c');
  writeFileSync(join(dir, 'jwks.json'), JSON.stringify({ keys: [createTokenSigner('ES256', 'k').jwk] }));
  mkdirSync(join(dir, 'manifests'));
  writeFileSync(
    join(dir, 'manifests/namespace.yaml'),
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
  );
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  takenPort = (taken.address() as AddressInfo).port;
});
afterAll(() => {
  taken.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Given {
  readonly anchors: string;
  readonly cert: string;
  readonly key: string;
}

/** What is wrong with given credentials, and what a user reads of it whichever program finds it. */
const CREDENTIALS: readonly {
  readonly what: string;
  readonly give: () => Given;
  readonly parts: readonly (string | RegExp)[];
}[] = [
  {
    what: 'trust anchors that are no PEM',
    give: () => ({ ...given(), anchors: join(dir, 'garbage') }),
    parts: ['garbage holds no PEM block', /give it PEM text/],
  },
  {
    what: 'a certificate that is no PEM',
    give: () => ({ ...given(), cert: join(dir, 'garbage') }),
    parts: [/holds no PEM block/, /give it PEM text/],
  },
  {
    what: 'a key that is no PEM',
    give: () => ({ ...given(), key: join(dir, 'garbage') }),
    parts: [/holds no PEM block/, /give it PEM text/],
  },
  {
    what: 'a key that does not fit',
    give: () => ({ ...given(), key: files.stranger.key }),
    parts: [/\.key does not fit \S+\.crt \("CN=identity\.linkerd\.cluster\.local"\)/, /give the key that/],
  },
  {
    what: 'an issuer that the anchor has not signed',
    give: () => ({ anchors: files.anchor.cert, cert: files.stranger.cert, key: files.stranger.key }),
    parts: [
      /\.crt: the certificate "CN=identity\.linkerd\.cluster\.local" was issued by "CN=root\S+", which leads to none/,
      /give an issuer signed by one of \S+anchor\.crt, or add its authority there/,
    ],
  },
  {
    what: 'an anchor that has expired',
    give: () => ({
      anchors: files.oldAnchor.cert,
      cert: files.belowOldAnchor.cert,
      key: files.belowOldAnchor.key,
    }),
    parts: [
      /old-anchor\.crt: the certificate "CN=root\.linkerd\.cluster\.local" expired at \d{4}-\S+Z/,
      /replace it with one that is valid/,
    ],
  },
];

function given(): Given {
  return { anchors: files.anchor.cert, cert: files.issuer.cert, key: files.issuer.key };
}

describeAsRoot('linkerd local up', () => {
  const up = (args: readonly string[], env?: Record<string, string>) =>
    run('cli', ['local', 'up', '-f', join(dir, 'manifests'), '--name', `wrong-${process.pid}`, ...args], env);

  it.each(CREDENTIALS)('refuses $what', async ({ give, parts }) => {
    const { anchors, cert, key } = give();
    const ended = await up([
      ...['--identity-trust-anchors-file', anchors],
      ...['--identity-issuer-certificate-file', cert],
      ...['--identity-issuer-key-file', key],
    ]);
    expectSentence(ended, 1, parts);
  });

  it('refuses a file that is not there', async () => {
    const all = [
      '--identity-issuer-certificate-file',
      files.issuer.cert,
      '--identity-issuer-key-file',
      files.issuer.key,
    ];
    const ended = await up(['--identity-trust-anchors-file', '/nowhere/ca.crt', ...all]);
    expectSentence(ended, 1, [
      '--identity-trust-anchors-file /nowhere/ca.crt cannot be read',
      /name a readable PEM file/,
    ]);
  });

  it('says which package brings iptables where it is missing', async () => {
    const ended = await up([], { PATH: makePathWithout('iptables-restore') });
    expectSentence(ended, 1, ['needs iptables-restore, which is not on the PATH: install iptables']);
  });

  it('refuses nonsense in a flag', async () => {
    const ended = await up(['--identity-issuance-lifetime', 'soon']);
    expectSentence(ended, 1, ['--identity-issuance-lifetime "soon" is not valid: give a duration such as']);
  });
});

describe('identity', () => {
  const start = (args: readonly string[], env?: Record<string, string>) => {
    const own = ['-identity-trust-domain', 'cluster.local', '-admin-addr', '127.0.0.1:0'];
    return run('identity', [...own, '-token-jwks', join(dir, 'jwks.json'), ...args], env);
  };
  const mount = (credentials: Given) => {
    const folder = mkdtempSync(join(dir, 'issuer-'));
    writeFileSync(join(folder, 'tls.crt'), readFileSync(credentials.cert));
    writeFileSync(join(folder, 'tls.key'), readFileSync(credentials.key));
    return ['-issuer', folder, '-trust-anchors', credentials.anchors];
  };

  it.each(CREDENTIALS)('refuses $what', async ({ give, parts }) => {
    expectSentence(await start([...mount(give()), '-addr', '127.0.0.1:0']), 1, parts);
  });

  it.each(['-addr', '-admin-addr'])('refuses a port that is taken in %s', async (flag) => {
    const ended = await start([...mount(given()), '-addr', '127.0.0.1:0', flag, `127.0.0.1:${takenPort}`]);
    expectSentence(ended, 1, [`127.0.0.1:${takenPort}`, 'address already in use', 'free the port or']);
  });

  it('refuses nonsense in a variable', async () => {
    const ended = await start(mount(given()), { LINKERD_IDENTITY_ISSUANCE_LIFETIME: 'soon' });
    expectSentence(ended, 1, ['LINKERD_IDENTITY_ISSUANCE_LIFETIME is "soon"; give it a duration such as']);
  });
});

describe('destination and policy', () => {
  it.each([
    { program: 'destination', flag: '-addr' },
    { program: 'destination', flag: '-metrics-addr' },
    { program: 'policy', flag: '--grpc-addr' },
    { program: 'policy', flag: '--admin-addr' },
  ])('$program refuses a port that is taken in $flag', async ({ program, flag }) => {
    const flags = new Map(
      program === 'policy'
        ? [
            ['--grpc-addr', '127.0.0.1:0'],
            ['--admin-addr', '127.0.0.1:0'],
            ['--manifests', join(dir, 'manifests')],
          ]
        : [
            ['-addr', '127.0.0.1:0'],
            ['-metrics-addr', '127.0.0.1:0'],
            ['-manifests', join(dir, 'manifests')],
          ],
    );
    flags.set(flag, `127.0.0.1:${takenPort}`);
    const ended = await run(
      program,
      [...flags].map(([name, value]) => `${name}=${value}`),
    );
    expectSentence(ended, 1, [`127.0.0.1:${takenPort}`, 'address already in use', 'free the port or']);
  });

  it('refuse nonsense in a flag', async () => {
    const destination = await run('destination', ['-addr=nowhere', `-manifests=${dir}`]);
    expectSentence(destination, 1, ['-addr is "nowhere"; give it an address such as :8086']);
    const policy = await run('policy', ['--cluster-networks=everywhere', `--manifests=${dir}`]);
    expectSentence(policy, 64, ['--cluster-networks "everywhere"', 'such as 10.0.0.0/8']);
  });

  it('refuse a folder of manifests that is not there', async () => {
    for (const program of ['destination', 'policy']) {
      const ended = await run(program, ['--manifests=/nowhere']);
      expectSentence(ended, 1, ['/nowhere', 'cannot be read', 'name a readable directory']);
    }
  });
});

describe('the proxy', () => {
  const start = (env: Record<string, string> = {}, without?: string) => {
    const all = { ...buildProxyEnvironment(), ...env };
    const entries = Object.entries(all).filter(([name]) => name !== without);
    return run('proxy', [], Object.fromEntries(entries.map(([name, value]) => [PROXY_ENV + name, value])));
  };

  it.each([
    ['OUTBOUND_CONNECT_TIMEOUT', 'soon', /"soon" is not a duration: .* such as 10s/],
    ['INBOUND_LISTEN_ADDR', 'here', /"here" is not an address such as 0\.0\.0\.0:4143/],
    ['INBOUND_DEFAULT_POLICY', 'everybody', /"everybody" is none of deny, all-authenticated/],
    ['OUTBOUND_HTTP_QUEUE_CAPACITY', 'many', /"many" is not a/],
    ['INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', '25,x', /"25,x"/],
    ['LOG', 'linkerd=loud', /"linkerd=loud" is not a list of levels .* such as warn,linkerd=info/],
    ['IDENTITY_LOCAL_NAME', 'web shop', /"web shop" is not a DNS name/],
  ])('refuses nonsense in %s with 64', async (name, value, sentence) => {
    expectSentence(await start({ [name]: value }), 64, [`${PROXY_ENV}${name}`, sentence]);
  });

  it('names every variable that is wrong at once, and one that is missing', async () => {
    const ended = await start({ LOG: 'loud', OUTBOUND_CONNECT_TIMEOUT: 'soon' }, 'IDENTITY_TOKEN_FILE');
    const names = ['LOG', 'OUTBOUND_CONNECT_TIMEOUT', 'IDENTITY_TOKEN_FILE is required and not set'];
    expectSentence(
      ended,
      64,
      names.map((name) => `${PROXY_ENV}${name}`),
    );
  });

  it('refuses trust anchors that it cannot use', async () => {
    const garbage = await start({ IDENTITY_TRUST_ANCHORS: 'this is no PEM' });
    expectSentence(garbage, 1, [`${PROXY_ENV}IDENTITY_TRUST_ANCHORS holds no PEM block`, 'give it PEM text']);
    const old = await start({ IDENTITY_TRUST_ANCHORS: readFileSync(files.oldAnchor.cert, 'utf8') });
    expectSentence(old, 1, [
      `${PROXY_ENV}IDENTITY_TRUST_ANCHORS: the trust anchor "CN=root`,
      'expired at',
      'new trust anchor',
    ]);
  });

  it('refuses a token that is not there, and one without content', async () => {
    const empty = join(dir, 'empty-token');
    writeFileSync(empty, '');
    expectSentence(await start({ IDENTITY_TOKEN_FILE: empty }), 64, [
      empty,
      'is empty; mount the token there',
    ]);
    const ended = await start({ IDENTITY_TOKEN_FILE: '/nowhere/token' });
    expectSentence(ended, 64, [
      '/nowhere/token',
      `${PROXY_ENV}IDENTITY_TOKEN_FILE`,
      'cannot be read',
      'mount the token there',
    ]);
  });

  it.each(['INBOUND_LISTEN_ADDR', 'OUTBOUND_LISTEN_ADDRS', 'ADMIN_LISTEN_ADDR'])(
    'refuses a port that is taken in %s',
    async (name) => {
      const ended = await start({ [name]: `127.0.0.1:${takenPort}` });
      expectSentence(ended, 1, [
        `cannot listen on 127.0.0.1:${takenPort}: another program already does`,
        'choose another port',
      ]);
    },
  );
});

describe('proxy-init', () => {
  it('says what to install where iptables is missing', async () => {
    const ended = await run('proxy-init', [], { PATH: makePathWithout('iptables-legacy-save') });
    expectSentence(ended, 1, ['iptables-legacy-save was not found: install the package iptables']);
  });

  it('refuses nonsense in a flag', async () => {
    const ended = await run('proxy-init', ['--incoming-proxy-port', 'many']);
    expectSentence(ended, 1, ['--incoming-proxy-port "many" is not valid: give a port from 1 to 65535']);
  });
});

/** A folder with every program of the machine's but one. */
function makePathWithout(missing: string): string {
  const folder = mkdtempSync(join(dir, 'bin-'));
  const programs = [
    'ip',
    'nsenter',
    'unshare',
    'hostname',
    'mount',
    'setpriv',
    'sh',
    'env',
    'iptables-restore',
    'iptables-save',
    'iptables-legacy-save',
    'iptables-legacy-restore',
  ];
  for (const program of programs) if (program !== missing) symlinkSync(`/bin/true`, join(folder, program));
  return folder;
}

/** All that a proxy needs to start, without the prefix. */
function buildProxyEnvironment(): Record<string, string> {
  return {
    INBOUND_LISTEN_ADDR: '127.0.0.1:0',
    OUTBOUND_LISTEN_ADDRS: '127.0.0.1:0',
    ADMIN_LISTEN_ADDR: '127.0.0.1:0',
    INBOUND_DEFAULT_POLICY: 'all-unauthenticated',
    DESTINATION_SVC_ADDR: 'localhost.:8086',
    POLICY_SVC_ADDR: 'localhost.:8090',
    POLICY_WORKLOAD: '{"ns":"shop","pod":"web"}',
    IDENTITY_SVC_ADDR: 'localhost.:8080',
    IDENTITY_LOCAL_NAME: nameWorkload('web'),
    IDENTITY_TOKEN_FILE: join(dir, 'token'),
    IDENTITY_TRUST_ANCHORS: readFileSync(files.anchor.cert, 'utf8'),
  };
}
