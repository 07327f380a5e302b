import { type Deferred, isSet, type ListPart, type Tree, when } from '#lib/expr';
import type { Volume } from '#lib/resources';
import { IDENTITY_TOKEN_AUDIENCE } from '../../../identity/contract.ts';
import { TOKEN_DIR, TOKEN_FILE } from '../../../proxy/contract.ts';
import type { InjectValues } from '../values.ts';

export const IDENTITY_VOLUME = 'linkerd-identity-end-entity';
export const TOKEN_VOLUME = 'linkerd-identity-token';
export const PODINFO_VOLUME = 'linkerd-podinfo';

const TOKEN_LIFETIME_SECONDS = 86_400;

/** The volume of linkerd-init. */
export function buildXtablesLockVolume(values: Deferred<InjectValues>): Tree<Volume> {
  return { name: values.proxyInit.xtMountPath.name, emptyDir: {} };
}

/** The volumes of linkerd-proxy, in the order injection adds them. Source: facts sheet injection, section 2. */
export function buildProxyVolumes(values: Deferred<InjectValues>): readonly ListPart<Volume>[] {
  const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
  const serviceAccountToken = {
    audience: IDENTITY_TOKEN_AUDIENCE,
    expirationSeconds: TOKEN_LIFETIME_SECONDS,
    path: TOKEN_FILE.slice(TOKEN_DIR.length + 1),
  };
  return [
    { name: IDENTITY_VOLUME, emptyDir: { medium: 'Memory' } },
    when(isSet(values.proxy.tracing.enabled), { name: PODINFO_VOLUME, downwardAPI: { items } }),
    when(isSet(values.identity.serviceAccountTokenProjection), {
      name: TOKEN_VOLUME,
      projected: { sources: [{ serviceAccountToken }] },
    }),
  ];
}
