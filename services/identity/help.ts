import { IDENTITY_ENV_PREFIX } from './contract.ts';

export const HELP = `Issues certificates to the proxies of the mesh.

Usage: identity [flags]

  -addr ADDRESS                            gRPC, default :8080
  -admin-addr ADDRESS                      metrics and probes, default :9990
  -controller-namespace NAME               default linkerd
  -identity-trust-domain NAME              required, such as cluster.local
  -identity-scheme SCHEME                  linkerd.io/tls (default: crt.pem, key.pem) or kubernetes.io/tls (tls.crt, tls.key)
  -identity-issuance-lifetime DURATION     default 24h
  -identity-clock-skew-allowance DURATION  default 10s
  -issuer DIR                              default /var/run/linkerd/identity/issuer
  -trust-anchors FILE                      default /var/run/linkerd/identity/trust-roots/ca-bundle.crt
  -token-jwks FILE                         verify tokens as JWTs with these keys instead of asking Kubernetes
  -kubeconfig FILE                         the Kubernetes API to ask; default: that of the pod's cluster
  -kube-apiclient-qps N                    default 100
  -kube-apiclient-burst N                  default 200
  -log-level LEVEL                         default info
  -log-format FORMAT                       plain (default) or json
  -enable-pprof, -trace-collector ADDRESS  accepted for compatibility, without effect

Each flag may come from the environment: -token-jwks from ${IDENTITY_ENV_PREFIX}TOKEN_JWKS, -identity-scheme from ${IDENTITY_ENV_PREFIX}SCHEME.
`;
