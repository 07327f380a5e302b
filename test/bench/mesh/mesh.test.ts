import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildCluster } from './cluster.ts';
import { resolveContainerEnv } from './container-env.ts';
import { sumRequests } from './counters.ts';
import { createTokenSigner } from './token.ts';

describe('the proxies of the benchmark', () => {
  const cluster = buildCluster('-----BEGIN CERTIFICATE-----\n');

  it('get the environment that the injector sets, resolved for their pod', () => {
    const env = resolveContainerEnv(cluster.pods.server, 'linkerd-proxy');
    expect(env).toMatchObject({
      LINKERD2_PROXY_IDENTITY_LOCAL_NAME: 'server.bench.serviceaccount.identity.linkerd.cluster.local',
      LINKERD2_PROXY_INBOUND_IPS: '10.231.0.2',
      LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '0.0.0.0:4143',
      LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: '-----BEGIN CERTIFICATE-----\n',
    });
    expect(JSON.parse(env['LINKERD2_PROXY_POLICY_WORKLOAD'] ?? '')).toEqual({ ns: 'bench', pod: 'server' });
    expect(Object.values(env).join()).not.toContain('$(');
  });

  it('cannot be had from a pod that was not injected', () => {
    expect(() => resolveContainerEnv(cluster.pods.client, 'other')).toThrow(
      'pod client has no container "other"',
    );
  });
});

describe('sumRequests', () => {
  const metrics = `# TYPE request_total counter
request_total{direction="outbound",target_port="8000",tls="true"} 1000
request_total{direction="outbound",target_port="8001",tls="true"} 20
request_total{direction="inbound",target_addr="10.231.0.2:8000",srv_port="8000"} 7
request_total{direction="inbound",target_addr="0.0.0.0:4191",srv_port="4191"} 900
response_total{direction="outbound",target_port="8000"} 5
`;

  it('adds the series of one direction, without the admin port', () => {
    expect(sumRequests(metrics, 'outbound')).toBe(1020);
    expect(sumRequests(metrics, 'inbound')).toBe(7);
    expect(sumRequests('', 'inbound')).toBe(0);
  });
});

describe('createTokenSigner', () => {
  it('signs a service account token that its key set verifies', () => {
    const signer = createTokenSigner();
    const [header, payload, signature] = signer.signToken({ namespace: 'bench', name: 'client' }).split('.');
    const { keys } = JSON.parse(signer.jwks);
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())).toMatchObject({
      sub: 'system:serviceaccount:bench:client',
      aud: ['identity.l5d.io'],
    });
  });
});
