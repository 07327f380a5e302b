import type { ListPart } from '#lib/expr';
import type { PodTemplate, VolumeMount } from '#lib/resources';
import { listInboundPorts } from '../ports.ts';
import { findServiceAccountMount } from '../service-account-mount.ts';
import type { CapabilitiesValues } from '../values.ts';

const ATTRIBUTE_ANNOTATION_PREFIX = 'resource.opentelemetry.io/';

/** What the injected containers take over from the pod they join. */
export interface PodTraits {
  /** Comma list, as `listInboundPorts` writes it. */
  readonly inboundPorts: string;
  /** The mount of the service account, to be shared. */
  readonly serviceAccountMount: ListPart<VolumeMount>;
  /** Of the first container. */
  readonly capabilities: CapabilitiesValues | undefined;
  /** Attributes of the proxy's spans, which beat those of the mesh. */
  readonly traceAttributes: ReadonlyMap<string, string>;
}

/** Source: facts sheet injection, sections 3 and 4. */
export function readPodTraits(pod: PodTemplate): PodTraits {
  return {
    inboundPorts: listInboundPorts(pod.spec),
    serviceAccountMount: findServiceAccountMount(pod.spec),
    capabilities: pod.spec.containers[0]?.securityContext?.capabilities,
    traceAttributes: readTraceAttributes(pod),
  };
}

/** The app's name, and what the pod's annotations say. */
function readTraceAttributes({ metadata }: PodTemplate): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const app =
    metadata?.labels?.['app.kubernetes.io/instance'] ?? metadata?.labels?.['app.kubernetes.io/name'];
  if (app !== undefined) attributes.set('service.name', app);
  for (const [key, value] of Object.entries(metadata?.annotations ?? {})) {
    if (!key.startsWith(ATTRIBUTE_ANNOTATION_PREFIX)) continue;
    attributes.set(key.slice(ATTRIBUTE_ANNOTATION_PREFIX.length), value);
  }
  return attributes;
}
