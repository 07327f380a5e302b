import { type InjectValues, injectPod } from '#lib/inject';
import { formatCertificates } from '#lib/pki';
import type { Deployment, KubeObject, Namespace, Pod } from '#lib/resources';
import { completeControlPlaneValues } from '../../../synth/index.ts';
import type { Authority } from './authority.ts';
import { buildNamespace } from './manifests.ts';

export interface TracedOptions {
  /** The one that the mesh signs with. */
  readonly authority: Authority;
  /** `host:port` of the collector. */
  readonly collector: string;
  /** The service account in `shop` that it runs as. */
  readonly collectorAccount: string;
}

/**
 * The same objects, with proxies in the Deployments as the injector puts them there where the chart's values turn
 * tracing on; local mode has no such values and leaves them as they are.
 */
export function withTracing(objects: readonly KubeObject[], options: TracedOptions): KubeObject[] {
  const values = createValues(options);
  return objects.map((object) =>
    object.kind === 'Deployment' ? injectDeployment(object as Deployment, values) : object,
  );
}

function createValues({ authority, collector, collectorAccount }: TracedOptions): InjectValues {
  const meshIdentity = { serviceAccountName: collectorAccount, namespace: 'shop' };
  const values = completeControlPlaneValues({
    clusterDomain: 'cluster.local',
    identityTrustDomain: 'cluster.local',
    identityTrustAnchorsPEM: formatCertificates([authority.anchor.certificate]),
    proxy: { tracing: { enabled: true, collector: { endpoint: collector, meshIdentity } } },
  });
  return { ...values, controlPlaneNamespace: 'linkerd' };
}

function injectDeployment(deployment: Deployment, values: InjectValues): KubeObject {
  const { name, namespace = '' } = deployment.metadata;
  const { template } = deployment.spec;
  const { pod } = injectPod({
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, ...template.metadata },
      spec: template.spec,
    } as Pod,
    namespace: buildNamespace() as Namespace,
    owner: { kind: 'deployment', name },
    values,
  });
  const annotations = { ...pod.metadata.annotations, 'linkerd.io/inject': 'disabled' };
  const metadata = { labels: pod.metadata.labels, annotations };
  return {
    ...deployment,
    spec: { ...deployment.spec, template: { metadata, spec: pod.spec } },
  } as KubeObject;
}
