/** What others need to know of the destination service. */
export const DESTINATION_PORT = 8086;
export const DESTINATION_ADMIN_PORT = 9996;
export const DESTINATION_SERVICE_ACCOUNT = 'linkerd-destination';
export const DESTINATION_SERVICE = 'linkerd-dst';
export const DESTINATION_HEADLESS_SERVICE = 'linkerd-dst-headless';

/** Flags of the service, as the charts and local mode pass them, with one dash or two. */
export const DESTINATION_FLAG = {
  addr: 'addr',
  metricsAddr: 'metrics-addr',
  controllerNamespace: 'controller-namespace',
  outboundTransportMode: 'outbound-transport-mode',
  enableH2Upgrade: 'enable-h2-upgrade',
  enableEndpointSlices: 'enable-endpoint-slices',
  enableIpv6: 'enable-ipv6',
  identityTrustDomain: 'identity-trust-domain',
  clusterDomain: 'cluster-domain',
  defaultOpaquePorts: 'default-opaque-ports',
  meshedHttp2ClientParams: 'meshed-http2-client-params',
  extEndpointZoneWeights: 'ext-endpoint-zone-weights',
  exportQueueMetrics: 'export-queue-metrics',
  streamQueueCapacity: 'stream-queue-capacity',
  enablePprof: 'enable-pprof',
  traceCollector: 'trace-collector',
  kubeApiClientQps: 'kube-apiclient-qps',
  kubeApiClientBurst: 'kube-apiclient-burst',
  logLevel: 'log-level',
  logFormat: 'log-format',
  /** Ours: the directory of manifests to serve from, in place of a Kubernetes API. */
  manifests: 'manifests',
  /** A kubeconfig that names the Kubernetes API, in place of the pod's service account. */
  kubeconfig: 'kubeconfig',
  help: 'help',
} as const;
