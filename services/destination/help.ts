export const HELP = `Tells the proxies of the mesh where traffic goes and how.

Usage: destination [flags]

  -addr ADDRESS                     gRPC, default :8086
  -metrics-addr ADDRESS             metrics and probes, default :9996
  -manifests DIR                    serve from a directory of manifests
  -kubeconfig FILE                  watch the Kubernetes API that this file names; default: that of the pod's cluster
  -kube-apiclient-qps N             requests a second to the Kubernetes API, default 100
  -kube-apiclient-burst N           requests at once, default 200
  -controller-namespace NAME        default linkerd
  -identity-trust-domain NAME       without it no endpoint has an identity
  -cluster-domain NAME              default cluster.local
  -default-opaque-ports PORTS       for what has no opaque-ports annotation
  -outbound-transport-mode MODE     transparent (default) or transport-header
  -enable-h2-upgrade                default true
  -enable-ipv6                      default true
  -enable-endpoint-slices           default true, and nothing else
  -meshed-http2-client-params JSON  default keep-alive after 10s, 3s to answer, also while idle
  -ext-endpoint-zone-weights        endpoints of the client's zone weigh ten times as much, default false
  -stream-queue-capacity N          messages that may wait for one client, default 100
  -log-level LEVEL                  default info
  -log-format FORMAT                plain (default) or json

Taken and without effect: -export-queue-metrics -enable-pprof -trace-collector.
`;
