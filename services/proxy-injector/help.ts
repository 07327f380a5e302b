export const HELP = `Injects the proxy into pods, as a mutating webhook of Kubernetes.

Usage: proxy-injector [flags]

  -addr ADDRESS                     webhook over TLS, default :8443
  -metrics-addr ADDRESS             metrics and probes, default :9995
  -linkerd-namespace NAME           of the control plane, default linkerd
  -kubeconfig FILE                  default: the pod's service account, else KUBECONFIG, else ~/.kube/config
  -values FILE                      default /var/run/linkerd/config/values
  -trust-roots FILE                 default /var/run/linkerd/identity/trust-roots/ca-bundle.crt
  -serving-certificate minted|given who makes the Secret linkerd-proxy-injector-k8s-tls, default minted
  -ca-bundle minted|given           who writes the webhook's caBundle, default minted
  -log-level LEVEL                  default info
  -log-format FORMAT                plain (default) or json
  -enable-pprof                     accepted for compatibility, without effect
`;
