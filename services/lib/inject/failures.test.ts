import { expect, test } from 'vitest';
import { findInjectFailures, listInjectFailures } from './failures.ts';
import { fullValues } from './fixtures/values.ts';
import { fixtureValues } from './testing/chart-values.ts';
import { referValues } from './testing/refer-values.ts';
import { resolveTree } from './testing/resolve-tree.ts';
import type { InjectValues } from './values.ts';

type Change = (values: InjectValues) => Partial<InjectValues>;

const tracing = (v: InjectValues, collector: InjectValues['proxy']['tracing']['collector']) => ({
  proxy: { ...v.proxy, tracing: { ...v.proxy.tracing, enabled: true, collector } },
});

const CASES: readonly [string, Change, readonly string[]][] = [
  ['good values', () => ({}), []],
  ['no anchors', () => ({ identityTrustAnchorsPEM: '' }), ['Please provide the identity trust anchors']],
  [
    'no anchors, but their ConfigMap',
    (v) => ({ identityTrustAnchorsPEM: '', proxy: { ...v.proxy, loadTrustBundleFromConfigMap: true } }),
    [],
  ],
  ['an empty iptablesMode', (v) => ({ proxyInit: { ...v.proxyInit, iptablesMode: '' } }), []],
  [
    'an unknown iptablesMode',
    (v) => ({ proxyInit: { ...v.proxyInit, iptablesMode: 'plain' } }),
    ['Unsupported value "plain" for proxyInit.iptablesMode\nValid values: ["nft", "legacy"]'],
  ],
  [
    'an iptablesMode that a CNI plugin makes needless',
    (v) => ({ cniEnabled: true, proxyInit: { ...v.proxyInit, iptablesMode: 'plain' } }),
    [],
  ],
  [
    'a close-wait timeout without root',
    (v) => ({ proxyInit: { ...v.proxyInit, closeWaitTimeoutSecs: 1 } }),
    ['proxyInit.runAsRoot must be set to use proxyInit.closeWaitTimeoutSecs'],
  ],
  [
    'an unknown header logging',
    (v) => ({ proxy: { ...v.proxy, logHTTPHeaders: 'on' as 'off' } }),
    ['logHTTPHeaders must be one of: insecure | off'],
  ],
  [
    'tracing without a collector',
    (v) => tracing(v, v.proxy.tracing.collector),
    [
      'proxy.tracing.collector.endpoint must be set if proxy tracing is enabled',
      'proxy.tracing.collector.meshIdentity.serviceAccountName must be set if proxy tracing is enabled',
      'proxy.tracing.collector.meshIdentity.namespace must be set if proxy tracing is enabled',
    ],
  ],
  ['tracing', (v) => tracing(v, fullValues().proxy.tracing.collector), []],
];

test.each(CASES)('findInjectFailures() tells of %s', (_what, change, expected) => {
  const values = { ...fixtureValues(), identityTrustAnchorsPEM: 'anchors' };
  const changed = { ...values, ...change(values) };
  expect(findInjectFailures(changed)).toEqual(expected);
  const failures = listInjectFailures(referValues(changed)).filter((f) => resolveTree(f.when, changed));
  expect(failures.map((failure) => resolveTree(failure.message, changed))).toEqual(expected);
});
