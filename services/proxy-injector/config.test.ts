import { describe, expect, it } from 'vitest';
import { parseProxyInjectorConfig } from './config.ts';

describe('parseProxyInjectorConfig()', () => {
  it('has a default for everything', () => {
    expect(parseProxyInjectorConfig([])).toEqual({
      help: false,
      addr: { host: undefined, port: 8443 },
      adminAddr: { host: undefined, port: 9995 },
      namespace: 'linkerd',
      kubeconfig: undefined,
      valuesFile: '/var/run/linkerd/config/values',
      trustRootsFile: '/var/run/linkerd/identity/trust-roots/ca-bundle.crt',
      servingCertificate: 'minted',
      caBundle: 'minted',
      logLevel: 'info',
      logFormat: 'plain',
    });
  });

  it('takes the arguments that the chart passes', () => {
    const config = parseProxyInjectorConfig([
      'proxy-injector',
      '-log-level=debug',
      '-log-format=json',
      '-linkerd-namespace=mesh',
      '-enable-pprof=false',
      '--serving-certificate=given',
      '-ca-bundle',
      'given',
    ]);
    expect(config).toMatchObject({
      namespace: 'mesh',
      logLevel: 'debug',
      logFormat: 'json',
      servingCertificate: 'given',
      caBundle: 'given',
    });
  });

  it.each([
    [['-addr=here'], '-addr is "here"; give it an address such as :8443'],
    [['-linkerd-namespace=a.b'], '-linkerd-namespace is "a.b"; give it a DNS label such as linkerd.'],
    [['-serving-certificate=mine'], '-serving-certificate is "mine"; give it minted or given.'],
    [['-log-level=[[['], '-log-level is "[[["; give it a level such as info, or a filter.'],
    [['-log-format=xml'], '-log-format is "xml"; give it plain or json.'],
    [['-unknown'], "Unknown option '--unknown'"],
  ])('refuses %j in one sentence', (args, sentence) => {
    expect(() => parseProxyInjectorConfig(args)).toThrow(sentence);
  });
});
