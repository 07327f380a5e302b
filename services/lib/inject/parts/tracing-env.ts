import {
  type Deferred,
  defaultTo,
  isSet,
  joinEntries,
  type ListPart,
  omitKeys,
  text,
  type Value,
  when,
} from '#lib/expr';
import type { EnvVar } from '#lib/resources';
import type { InjectValues } from '../values.ts';
import { identityOf } from './control-plane.ts';
import { set } from './env-var.ts';
import type { PodTraits } from './pod-traits.ts';

/** Where the pod's labels are mounted for trace attributes. */
export const PODINFO_DIR = '/var/run/linkerd/podinfo';

/** The variables that turn tracing on; none when it is off. Source: facts sheet injection, section 4. */
export function buildTracingEnv(values: Deferred<InjectValues>, traits: PodTraits): ListPart<EnvVar> {
  const { tracing } = values.proxy;
  const { serviceAccountName, namespace } = tracing.collector.meshIdentity;
  return when(isSet(tracing.enabled), [
    set('TRACE_ATTRIBUTES_PATH', `${PODINFO_DIR}/labels`),
    set('TRACE_ANNOTATIONS_PATH', `${PODINFO_DIR}/annotations`),
    set('TRACE_PROTOCOL', defaultTo(tracing.protocol, 'opentelemetry')),
    set('TRACE_SERVICE_NAME', tracing.traceServiceName),
    set('TRACE_COLLECTOR_SVC_ADDR', tracing.collector.endpoint),
    set('TRACE_COLLECTOR_SVC_NAME', identityOf(values, { serviceAccount: serviceAccountName, namespace })),
    set('TRACE_EXTRA_ATTRIBUTES', formatAttributes(tracing.labels, traits.traceAttributes)),
  ]);
}

/** Lines of `key=value`: the mesh's, then the pod's own. */
function formatAttributes(
  labels: Value<Readonly<Record<string, string>>>,
  own: ReadonlyMap<string, string>,
): Value<string> {
  const others = own.size === 0 ? labels : omitKeys(labels, [...own.keys()]);
  const lines = [...own].map(([key, value]) => `${key}=${value}\n`).join('');
  return text`${joinEntries(others, { between: '=', after: '\n' })}${lines}`;
}
