import { type Deferred, defaultTo, sha256, type Value } from '#lib/expr';
import { ANNOTATION } from '#lib/resources';
import type { InjectValues } from '../values.ts';

/** What a pod's annotations say of its proxy: a pod with others is to be rolled. Source: facts sheet injection, 2. */
export function buildProxyAnnotations(
  values: Deferred<InjectValues>,
): Readonly<Record<string, Value<string>>> {
  return {
    [ANNOTATION.proxyVersion]: defaultTo(values.proxy.image.version, values.linkerdVersion),
    [ANNOTATION.trustRootSha256]: sha256(values.identityTrustAnchorsPEM),
  };
}
