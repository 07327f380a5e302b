import type { EnvVar, PodTemplate } from '#lib/resources';
import { ENV_PREFIX } from '../../proxy/contract.ts';
import { identityOf } from './control-plane.ts';
import type { InjectValues } from './values.ts';

/** Where the pod's labels are mounted for trace attributes. */
export const PODINFO_DIR = '/var/run/linkerd/podinfo';

const ATTRIBUTE_ANNOTATION_PREFIX = 'resource.opentelemetry.io/';

/** The variables that turn tracing on; none when it is off. Source: facts sheet injection, section 4. */
export function buildTracingEnv(values: InjectValues, pod: PodTemplate): EnvVar[] {
  const { tracing } = values.proxy;
  if (!tracing.enabled) return [];
  const { serviceAccountName, namespace } = tracing.collector.meshIdentity;
  return [
    { name: `${ENV_PREFIX}TRACE_ATTRIBUTES_PATH`, value: `${PODINFO_DIR}/labels` },
    { name: `${ENV_PREFIX}TRACE_ANNOTATIONS_PATH`, value: `${PODINFO_DIR}/annotations` },
    { name: `${ENV_PREFIX}TRACE_PROTOCOL`, value: tracing.protocol },
    { name: `${ENV_PREFIX}TRACE_SERVICE_NAME`, value: tracing.traceServiceName },
    { name: `${ENV_PREFIX}TRACE_COLLECTOR_SVC_ADDR`, value: tracing.collector.endpoint },
    {
      name: `${ENV_PREFIX}TRACE_COLLECTOR_SVC_NAME`,
      value: identityOf(values, { serviceAccount: serviceAccountName, namespace }),
    },
    { name: `${ENV_PREFIX}TRACE_EXTRA_ATTRIBUTES`, value: formatAttributes(values, pod) },
  ];
}

/** Lines of `key=value`: the mesh's, the app's name, and what the pod's annotations say. */
function formatAttributes(values: InjectValues, pod: PodTemplate): string {
  const attributes = new Map(
    Object.entries(values.proxy.tracing.labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const labels = pod.metadata?.labels ?? {};
  const app = labels['app.kubernetes.io/instance'] ?? labels['app.kubernetes.io/name'];
  if (app !== undefined) attributes.set('service.name', app);
  for (const [key, value] of Object.entries(pod.metadata?.annotations ?? {})) {
    if (key.startsWith(ATTRIBUTE_ANNOTATION_PREFIX)) {
      attributes.set(key.slice(ATTRIBUTE_ANNOTATION_PREFIX.length), value);
    }
  }
  return [...attributes].map(([key, value]) => `${key}=${value}\n`).join('');
}
