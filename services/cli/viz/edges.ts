import type { MeshPod } from '../mesh/mesh-pod.ts';
import { podLabel } from '../mesh/mesh-pod.ts';
import type { Labels, Sample } from '../metrics/parse-metrics.ts';

export type EdgeKind = 'deployment' | 'pod' | 'namespace';

/** Who talks to whom, and how it is secured. */
export interface Edge {
  readonly src: string;
  readonly srcNamespace: string;
  readonly dst: string;
  readonly dstNamespace: string;
  /** Empty where the connection is not secured. */
  readonly clientId: string;
  readonly serverId: string;
  /** Why it is not secured, in words; empty where it is. */
  readonly noTlsReason: string;
}

export interface EdgeInput {
  readonly pod: MeshPod;
  readonly samples: readonly Sample[];
}

export interface EdgeQuery {
  readonly kind: EdgeKind;
  /** Edges with an end in this namespace; undefined: all. */
  readonly namespace: string | undefined;
  /** The identity of a pod's proxy. */
  readonly identityOf: (pod: MeshPod) => string;
}

/** Source: facts sheets viz, "Edges", and proxy-metrics, "no_tls_reason values". */
const REASONS: Readonly<Record<string, string>> = {
  disabled: 'Disabled',
  loopback: 'Loopback',
  not_http: 'Not HTTP',
  no_authority_in_http_request: 'No Authority In HTTP Request',
  not_provided_by_remote: 'Not Provided By Remote',
  no_tls_from_remote: 'No TLS From Remote',
  not_provided_by_service_discovery: 'Not Provided By Service Discovery',
  port_skipped: 'Port Skipped',
  ingress_without_override: 'Ingress Without Override',
};

/** The edges over which connections are open, by source and destination. */
export function buildEdges(query: EdgeQuery, inputs: readonly EdgeInput[]): readonly Edge[] {
  const edges = new Map<string, Edge>();
  for (const { pod, samples } of inputs) {
    for (const { name, labels, value } of samples) {
      if (name !== 'tcp_open_connections' || labels['direction'] !== 'outbound' || value <= 0) continue;
      const edge = readEdge(query, pod, labels);
      if (edge !== undefined) edges.set(keyOf(edge), edge);
    }
  }
  return [...edges].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, edge]) => edge);
}

function readEdge(
  { kind, namespace, identityOf }: EdgeQuery,
  pod: MeshPod,
  labels: Labels,
): Edge | undefined {
  const src = { deployment: pod.deployment, pod: pod.name, namespace: pod.namespace }[kind];
  const dst = labels[`dst_${kind}`];
  const dstNamespace = labels['dst_namespace'] ?? '';
  if (!src || !dst) return undefined;
  if (namespace !== undefined && pod.namespace !== namespace && dstNamespace !== namespace) return undefined;
  const serverId = labels['server_id'] ?? '';
  return {
    src,
    srcNamespace: pod.namespace,
    dst,
    dstNamespace,
    clientId: serverId === '' ? '' : identityOf(pod),
    serverId,
    noTlsReason: serverId === '' ? describeReason(labels['no_tls_reason'] ?? 'disabled') : '',
  };
}

function describeReason(reason: string): string {
  return (Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined) ?? reason;
}

function keyOf(edge: Edge): string {
  const { src: name, srcNamespace: namespace } = edge;
  return [
    podLabel({ namespace, name }),
    `${edge.dstNamespace}/${edge.dst}`,
    edge.serverId,
    edge.noTlsReason,
  ].join(' ');
}
