import { describe, expect, it } from 'vitest';
import { parseIdentityConfig } from './config.ts';

const REQUIRED = ['-identity-trust-domain', 'cluster.local'];
const parse = (args: readonly string[], env: Record<string, string> = {}) =>
  parseIdentityConfig([...REQUIRED, ...args], env);

describe('parseIdentityConfig()', () => {
  it('has the defaults of the fact sheet', () => {
    expect(parse([])).toEqual({
      help: false,
      addr: { host: undefined, port: 8080 },
      adminAddr: { host: undefined, port: 9990 },
      controllerNamespace: 'linkerd',
      scheme: 'linkerd.io/tls',
      trustDomain: 'cluster.local',
      issuanceLifetimeMs: 86_400_000,
      clockSkewMs: 10_000,
      issuerDir: '/var/run/linkerd/identity/issuer',
      trustAnchorsFile: '/var/run/linkerd/identity/trust-roots/ca-bundle.crt',
      tokenJwksFile: undefined,
      kubeApiClientQps: 100,
      kubeApiClientBurst: 200,
      logLevel: 'info',
      logFormat: 'plain',
      warnings: [],
    });
  });

  it('takes the arguments that the chart passes, with one dash or two, with a space or =', () => {
    const args = [
      'identity',
      '-log-level=info',
      '-log-format=plain',
      '-controller-namespace=mesh',
      '-identity-trust-domain=example.org',
      '-identity-issuance-lifetime=24h0m0s',
      '-identity-clock-skew-allowance=20s',
      '-identity-scheme=kubernetes.io/tls',
      '-enable-pprof=false',
      '-kube-apiclient-qps=100',
      '--kube-apiclient-burst',
      '200',
      '-trace-collector=collector:55678',
      '--addr',
      '127.0.0.1:1',
      '-admin-addr',
      '[::1]:2',
    ];
    expect(parseIdentityConfig(args, {})).toMatchObject({
      controllerNamespace: 'mesh',
      trustDomain: 'example.org',
      issuanceLifetimeMs: 86_400_000,
      clockSkewMs: 20_000,
      scheme: 'kubernetes.io/tls',
      addr: { host: '127.0.0.1', port: 1 },
      adminAddr: { host: '::1', port: 2 },
    });
    expect(parse(['-enable-pprof']).warnings).toEqual([]);
  });

  it('takes variables, and flags before them', () => {
    const env = {
      LINKERD_IDENTITY_TOKEN_JWKS: '/jwks',
      LINKERD_IDENTITY_TRUST_DOMAIN: 'a.b',
      LINKERD_IDENTITY_ADDR: ':1',
    };
    expect(parseIdentityConfig(['-addr', ':2'], env)).toMatchObject({
      tokenJwksFile: '/jwks',
      trustDomain: 'a.b',
      addr: { port: 2 },
    });
  });

  it('warns of a bad duration in a flag and uses the default, as upstream does', () => {
    const config = parse(['-identity-issuance-lifetime', '1 day', '-identity-clock-skew-allowance=-5s']);
    expect(config).toMatchObject({ issuanceLifetimeMs: 86_400_000, clockSkewMs: 10_000 });
    expect(config.warnings).toEqual([
      '-identity-issuance-lifetime is "1 day", which is no duration such as 24h0m0s; 24h is used.',
      '-identity-clock-skew-allowance is "-5s", which is no duration such as 24h0m0s; 10s is used.',
    ]);
  });

  it.each([
    [['-addr', 'nonsense'], {}, '-addr is "nonsense"; give it an address such as :8080 or 127.0.0.1:8080.'],
    [['-addr', ':70000'], {}, '-addr is ":70000"; give it an address'],
    [
      ['-controller-namespace', 'a.b'],
      {},
      '-controller-namespace is "a.b"; give it a DNS label such as linkerd.',
    ],
    [
      ['-identity-trust-domain', 'a_b'],
      {},
      '-identity-trust-domain is "a_b"; give it a DNS name such as cluster.local.',
    ],
    [['-log-format', 'xml'], {}, '-log-format is "xml"; give it plain or json.'],
    [['-kube-apiclient-qps', 'many'], {}, '-kube-apiclient-qps is "many"; give it a whole number.'],
    [
      [],
      { LINKERD_IDENTITY_ISSUANCE_LIFETIME: 'x' },
      'LINKERD_IDENTITY_ISSUANCE_LIFETIME is "x"; give it a duration such as 24h0m0s.',
    ],
    [['-unknown'], {}, "Unknown option '--unknown'"],
    [['stray'], {}, "Unexpected argument 'stray'"],
  ])('refuses %j with %j', (args, env, sentence) => {
    expect(() => parse(args, env)).toThrow(sentence);
  });

  it('refuses to start without a trust domain', () => {
    expect(() => parseIdentityConfig([], {})).toThrow(
      '-identity-trust-domain is missing; give it a DNS name such as cluster.local.',
    );
  });
});
