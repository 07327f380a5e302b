import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { mapOf, mergeMaps, omitKeys, omitPath, type Value, yamlText } from '#lib/expr';
import { Template } from '../helm/index.ts';
import { buildMetadata } from './parts/metadata.ts';
import { CONFIG_KEY, CONFIG_MAP } from './parts/names.ts';
import { type ControlPlaneProps, trustAnchors, trustDomain } from './parts/props.ts';

/** A label of history: upstream's CLI looks for it. */
const COMPONENT = 'controller';
/** Upstream's, which tells what the CRDs have to be compatible with. */
const CRDS_CHART = 'linkerd-crds-1.0.0-edge';

const PRIVATE_KEYS = [
  ['identity', 'issuer', 'tls', 'keyPEM'],
  ['profileValidator', 'keyPEM'],
  ['proxyInjector', 'keyPEM'],
  ['policyValidator', 'keyPEM'],
];
/** Not values of ours, but what Helm and old versions of the CLI leave in them. */
const FOREIGN_KEYS = ['partials', 'configs', 'stage', 'global'];

/** The values that the mesh was installed with, for the injector and the CLI. Source: facts sheet charts, 3.6. */
export class ConfigTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'config', props);
    this.add(k8s.KubeConfigMap, {
      metadata: buildMetadata(props, { name: CONFIG_MAP, component: COMPONENT }),
      data: { [CONFIG_KEY.crdsVersion]: CRDS_CHART, [CONFIG_KEY.values]: yamlText(publicValues(props)) },
    });
  }
}

/** All values but private keys; with the trust domain in force, and the trust anchors under their one name. */
function publicValues(props: ControlPlaneProps): Value<Readonly<Record<string, unknown>>> {
  const values = PRIVATE_KEYS.reduce(omitPath, omitKeys(props.allValues, FOREIGN_KEYS));
  return mergeMaps<unknown>(
    values,
    mapOf<unknown>({
      identityTrustAnchorsPEM: trustAnchors(props),
      identityTrustDomain: trustDomain(props),
    }),
  );
}
