import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '#lib/cluster';
import { fixtureValues } from '../../../lib/inject/testing/chart-values.ts';
import { readInjectValues } from './read-inject-values.ts';

type Document = Record<string, Record<string, unknown>>;

const PLACE = { namespace: 'linkerd', trustAnchorsPem: 'anchors' };
const document = () =>
  parseYaml(readFileSync(join(import.meta.dirname, '../../fixtures/values.yaml'), 'utf8')) as Document;
const read = (change: (values: Document) => void) => {
  const values = document();
  change(values);
  return readInjectValues(values, PLACE);
};

describe('readInjectValues()', () => {
  it('reads the chart’s values as injection means them', () => {
    const { networkValidator, proxy, proxyInit, ...mesh } = readInjectValues(document(), PLACE);
    const wanted = fixtureValues();
    expect(mesh).toMatchObject({
      controlPlaneNamespace: 'linkerd',
      clusterNetworks: wanted.clusterNetworks,
      linkerdVersion: 'edge-test',
      identityTrustAnchorsPEM: 'anchors',
      debugContainer: wanted.debugContainer,
    });
    const tracing = { ...wanted.proxy.tracing, protocol: 'opentelemetry' };
    expect(proxy).toMatchObject({ ...wanted.proxy, tracing });
    expect(proxyInit).toMatchObject(wanted.proxyInit);
    expect(networkValidator).toMatchObject({ ...wanted.networkValidator, enableSecurityContext: true });
  });

  it('gives what may be absent, or null, its neutral value', () => {
    const values = read(({ proxy = {}, networkValidator = {} }) => {
      for (const key of [
        'runtime',
        'resources',
        'securityContext',
        'tracing',
        'inbound',
        'gid',
        'logHTTPHeaders',
      ]) {
        proxy[key] = null;
      }
      delete proxy['startupProbe'];
      networkValidator['securityContext'] = null;
    });
    expect(values.proxy).toMatchObject({
      gid: -1,
      runtime: { workers: { minimum: 1, maximum: null, maximumCPURatio: null } },
      resources: { cpu: { limit: '', request: '' } },
      securityContext: {},
      capabilities: null,
      inbound: {},
      accessLog: '',
      additionalEnv: [],
      logHTTPHeaders: 'off',
      startupProbe: { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 120 },
      tracing: { enabled: false, protocol: 'opentelemetry' },
    });
  });

  it('takes what YAML and --set make of texts and numbers', () => {
    const values = read(({ proxy = {} }) => {
      proxy['opaquePorts'] = 25;
      proxy['logHTTPHeaders'] = false;
      proxy['uid'] = '2102';
      proxy['resources'] = { cpu: { limit: 1, request: '100m' }, memory: null };
      proxy['additionalEnv'] = [{ name: 'A', value: 'b' }];
      proxy['accessLog'] = 'apache';
    });
    expect(values.proxy).toMatchObject({
      opaquePorts: '25',
      logHTTPHeaders: 'off',
      uid: 2102,
      resources: { cpu: { limit: '1', request: '100m' }, memory: { limit: '', request: '' } },
      additionalEnv: [{ name: 'A', value: 'b' }],
      accessLog: 'apache',
    });
  });

  it('names every key that cannot be used', () => {
    const broken = () =>
      read((values) => {
        const { proxy = {} } = values;
        proxy['ports'] = { admin: 'x', control: 70_000, inbound: 4143 };
        proxy['await'] = 'maybe';
        proxy['image'] = {};
        proxy['inbound'] = { server: 5 };
        proxy['additionalEnv'] = [{ value: 'nameless' }];
        proxy['logHTTPHeaders'] = 'all';
        values['clusterDomain'] = ['a'] as never;
      });
    expect(broken).toThrow(
      'values: clusterDomain is a list; give it a text; ' +
        'proxy.image.name is missing; give it a text; ' +
        'proxy.ports.admin is "x"; give it a whole number from 1 to 65535; ' +
        'proxy.ports.control is 70000; give it a whole number from 1 to 65535; ' +
        'proxy.ports.outbound is missing; give it a whole number from 1 to 65535; ' +
        'proxy.logHTTPHeaders is "all"; give it off or insecure; ' +
        'proxy.await is "maybe"; give it true or false; ' +
        'proxy.inbound.server is 5; give it a map; ' +
        'proxy.additionalEnv[0] is a map; give it a variable with a name.',
    );
  });

  it.each([['a text'], [[]], [null], [undefined]])('refuses %j as values', (value) => {
    expect(() => readInjectValues(value, PLACE)).toThrow(
      'values: they are no map of the chart linkerd-control-plane.',
    );
  });

  it('refuses what the chart would refuse', () => {
    expect(() => read(({ proxyInit = {} }) => (proxyInit['iptablesMode'] = 'ebpf'))).toThrow(
      'proxyInit.iptablesMode',
    );
  });
});
