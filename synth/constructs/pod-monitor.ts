import type { App } from 'cdk8s';
import { and, eq, isSet, mergeMaps, not, text, type Value, when } from '#lib/expr';
import { PROXY_CONTAINER } from '../../services/proxy/contract.ts';
import { Template } from '../helm/index.ts';
import { buildMetadata } from './parts/metadata.ts';
import type { ControlPlaneProps } from './parts/props.ts';

const POD_MONITOR = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' } as const;
const VIZ_NAMESPACE = 'linkerd-viz';
const COMPONENT = 'controller';

/** What the operator knows of a target before it asks it (prometheus.io, "kubernetes_sd_config"). */
const META = {
  namespace: '__meta_kubernetes_namespace',
  pod: '__meta_kubernetes_pod_name',
  container: '__meta_kubernetes_pod_container_name',
  port: '__meta_kubernetes_pod_container_port_name',
  label: '__meta_kubernetes_pod_label_',
} as const;
/** Labels of pods have other signs in them than those of Prometheus. */
const LINKERD_LABEL = `${META.label}linkerd_io_`;

interface Relabeling {
  readonly action: 'keep' | 'drop' | 'replace' | 'labelmap' | 'labeldrop';
  readonly sourceLabels?: readonly string[];
  readonly regex?: Value<string>;
  readonly targetLabel?: string;
}

function copy(source: string, targetLabel: string): Relabeling {
  return { action: 'replace', sourceLabels: [source], targetLabel };
}

function keep(regex: Value<string>, ...sourceLabels: readonly string[]): Relabeling {
  return { action: 'keep', sourceLabels, regex };
}

const CONTROLLER: readonly Relabeling[] = [
  keep('.*-admin$', META.port),
  { action: 'drop', sourceLabels: [META.port], regex: 'linkerd-admin' },
  copy(META.container, 'component'),
];

const SERVICE_MIRROR: readonly Relabeling[] = [
  keep('(linkerd-service-mirror|controller);.*-admin$', `${LINKERD_LABEL}control_plane_component`, META.port),
  copy(META.container, 'component'),
];

/** The later map over the earlier: a pod's own labels come last. */
function proxyRelabelings({ release }: ControlPlaneProps): readonly Relabeling[] {
  return [
    keep(
      text`^${PROXY_CONTAINER};linkerd-admin;${release.namespace}$`,
      META.container,
      META.port,
      `${LINKERD_LABEL}control_plane_ns`,
    ),
    copy(META.namespace, 'namespace'),
    copy(META.pod, 'pod'),
    copy(`${LINKERD_LABEL}proxy_job`, 'k8s_job'),
    { action: 'labeldrop', regex: `${LINKERD_LABEL}proxy_job` },
    { action: 'labelmap', regex: `${LINKERD_LABEL}proxy_(.+)` },
    { action: 'labeldrop', regex: `${LINKERD_LABEL}proxy_(.+)` },
    { action: 'labelmap', regex: `${LINKERD_LABEL}(.+)` },
    { action: 'labeldrop', regex: `${LINKERD_LABEL}(.+)` },
    { action: 'labelmap', regex: `${META.label}(.+)` },
  ];
}

interface MonitorParts {
  readonly name: string;
  readonly values: { readonly enabled: Value<boolean>; readonly honorTimestamps: Value<boolean | null> };
  readonly namespaceSelector: unknown;
  readonly relabelings: readonly Relabeling[];
}

/** How the Prometheus operator finds what to ask. Source: facts sheet charts, section 3.8. */
export class PodMonitorTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'podmonitor', props);
    const { controller, serviceMirror, proxy } = props.values.podMonitor;
    const { namespaceSelector } = controller;
    const usual = { matchNames: [props.release.namespace, VIZ_NAMESPACE] };
    this.addMonitor(props, {
      name: 'linkerd-controller',
      values: controller,
      namespaceSelector: when(isSet(namespaceSelector), namespaceSelector, usual),
      relabelings: CONTROLLER,
    });
    this.addMonitor(props, {
      name: 'linkerd-multicluster-controller',
      values: serviceMirror,
      namespaceSelector: { any: true },
      relabelings: SERVICE_MIRROR,
    });
    this.addMonitor(props, {
      name: 'linkerd-proxy',
      values: proxy,
      namespaceSelector: { any: true },
      relabelings: proxyRelabelings(props),
    });
  }

  private addMonitor(props: ControlPlaneProps, parts: MonitorParts): void {
    const { podMonitor } = props.values;
    const { honorTimestamps, enabled } = parts.values;
    const metadata = buildMetadata(props, { name: parts.name, component: COMPONENT });
    const endpoint = {
      interval: podMonitor.scrapeInterval,
      scrapeTimeout: podMonitor.scrapeTimeout,
      honorTimestamps: when(not(eq(honorTimestamps, null)), honorTimestamps),
      relabelings: parts.relabelings,
    };
    this.add(
      POD_MONITOR,
      {
        metadata: { ...metadata, labels: mergeMaps(metadata.labels, podMonitor.labels) },
        spec: {
          namespaceSelector: parts.namespaceSelector,
          selector: { matchLabels: {} },
          podMetricsEndpoints: [endpoint],
        },
      },
      { when: and(podMonitor.enabled, enabled) },
    );
  }
}
