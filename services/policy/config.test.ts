import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('readConfig() has the defaults of the chart', () => {
  const config = readConfig([], {});
  expect(config).toMatchObject({
    grpcAddress: { host: '0.0.0.0', port: 8090 },
    adminAddress: { host: '0.0.0.0', port: 9990 },
    clusterDomain: 'cluster.local',
    defaultPolicy: 'all-unauthenticated',
    probeNetworks: [],
    allowL5dRequestHeaders: false,
    logLevel: 'info',
  });
  expect(config.defaultOpaquePorts.has(3306)).toBe(true);
});

test('readConfig() takes the arguments of the chart', () => {
  const config = readConfig(
    [
      '--admin-addr=[::]:9990',
      '--control-plane-namespace=linkerd',
      '--grpc-addr=0.0.0.0:8090',
      '--cluster-networks=10.0.0.0/8,fd00::/8',
      '--identity-domain=cluster.local',
      '--cluster-domain=example.org',
      '--default-policy=deny',
      '--log-level=linkerd=info,warn',
      '--log-format=json',
      '--default-opaque-ports=25,100-200',
      '--global-egress-network-namespace=linkerd-egress',
      '--probe-networks=0.0.0.0/0,::/0',
      '--allow-l5d-request-headers',
      '--manifests=/srv',
    ],
    {},
  );
  expect(config).toMatchObject({
    adminAddress: { host: '::', port: 9990 },
    clusterNetworks: ['10.0.0.0/8', 'fd00::/8'],
    clusterDomain: 'example.org',
    defaultPolicy: 'deny',
    probeNetworks: ['0.0.0.0/0', '::/0'],
    allowL5dRequestHeaders: true,
    manifestsDir: '/srv',
    logFormat: 'json',
  });
});

test('readConfig() takes the log level from the environment where no flag says it', () => {
  const env = { LINKERD_POLICY_CONTROLLER_LOG: 'debug' };
  expect(readConfig([], env).logLevel).toBe('debug');
  expect(readConfig(['--log-level=warn'], env).logLevel).toBe('warn');
});

test.each([
  [['--grpc-addr=8090'], '--grpc-addr "8090" is not an address and port'],
  [['--cluster-networks=10.0.0.0'], '--cluster-networks "10.0.0.0" has a part that is no network'],
  [['--default-policy=open'], '--default-policy "open" is not one of all-unauthenticated'],
  [['--default-opaque-ports=x'], '--default-opaque-ports "x"'],
  [['--cluster-domain=-'], '--cluster-domain "-" is not a DNS domain'],
  [['--log-level=loud'], '--log-level is wrong'],
  [['--log-format=xml'], '--log-format "xml" is neither plain nor json'],
  [['--colour=red'], "Unknown option '--colour'"],
  [['stray'], "Unexpected argument 'stray'"],
])('readConfig(%j) says what is wrong', (args, message) => {
  expect(() => readConfig(args, {})).toThrow(message);
});
