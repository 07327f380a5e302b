import { and, atLeast, type Deferred, eq, isSet, not, or, settle, text, type Value } from '#lib/expr';
import type { InjectValues } from './values.ts';

/** Values that exclude each other or that mean nothing. */
export interface InjectFailure {
  readonly when: Value<boolean>;
  readonly message: Value<string>;
}

/**
 * Everything that can be wrong with values, told in upstream's words: a chart fails with it, the injector denies the
 * pod. Source: facts sheet charts, section 1.
 */
export function listInjectFailures(values: Deferred<InjectValues>): readonly InjectFailure[] {
  const { proxy, identityTrustAnchorsPEM } = values;
  const isKnownMode = isOneOf(proxy.logHTTPHeaders, ['insecure', 'off']);
  return [
    {
      when: not(or(isSet(proxy.loadTrustBundleFromConfigMap), isSet(identityTrustAnchorsPEM))),
      message: 'Please provide the identity trust anchors',
    },
    ...listRedirectFailures(values),
    { when: not(isKnownMode), message: 'logHTTPHeaders must be one of: insecure | off' },
    ...listTracingFailures(values),
  ];
}

/** The messages of what is wrong with plain values. */
export function findInjectFailures(values: InjectValues): readonly string[] {
  const failing = listInjectFailures(values).filter((failure) => settle<boolean>(failure.when));
  return failing.map((failure) => settle<string>(failure.message));
}

/** Of linkerd-init, which a CNI plugin makes needless. */
function listRedirectFailures({ cniEnabled, proxyInit }: Deferred<InjectValues>): readonly InjectFailure[] {
  const isUsed = not(isSet(cniEnabled));
  const { iptablesMode, closeWaitTimeoutSecs, runAsRoot } = proxyInit;
  return [
    {
      when: and(isUsed, not(isOneOf(iptablesMode, ['nft', 'legacy']))),
      message: text`Unsupported value "${iptablesMode}" for proxyInit.iptablesMode\nValid values: ["nft", "legacy"]`,
    },
    {
      when: and(isUsed, atLeast(closeWaitTimeoutSecs, 1), not(isSet(runAsRoot))),
      message: 'proxyInit.runAsRoot must be set to use proxyInit.closeWaitTimeoutSecs',
    },
  ];
}

function listTracingFailures({ proxy }: Deferred<InjectValues>): readonly InjectFailure[] {
  const { enabled, collector } = proxy.tracing;
  const { serviceAccountName, namespace } = collector.meshIdentity;
  const required = { endpoint: collector.endpoint, 'meshIdentity.serviceAccountName': serviceAccountName };
  const entries = Object.entries({ ...required, 'meshIdentity.namespace': namespace });
  return entries.map(([key, value]) => ({
    when: and(isSet(enabled), not(isSet(value))),
    message: `proxy.tracing.collector.${key} must be set if proxy tracing is enabled`,
  }));
}

/** An empty value stands for a default. */
function isOneOf(value: Value<string>, known: readonly string[]): Value<boolean> {
  return or(not(isSet(value)), ...known.map((word) => eq(value, word)));
}
