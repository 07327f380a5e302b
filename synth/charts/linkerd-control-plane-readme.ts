import { INSTALL_CERTIFICATES } from './readme/certificates.ts';
import { DIFFERENCES_TABLE } from './readme/differences.ts';
import { GITOPS } from './readme/gitops.ts';
import { IMAGES } from './readme/images.ts';

/** README.md of the chart. */
export function writeControlPlaneReadme({ valuesTable }: { readonly valuesTable: string }): string {
  return `# linkerd-control-plane

The control plane of Linkerd's service mesh, in TypeScript: \`identity\` gives proxies their certificates, \`destination\`
with \`policy\` tells them where traffic goes and who may do what, \`proxy-injector\` adds them to pods. Values, objects,
labels and annotations are those of Linkerd's chart of the same name, [but for a few](#differences-from-linkerds-chart).

Needs Kubernetes 1.31 or later, Helm 3 or 4, and the chart [linkerd-crds](../linkerd-crds/README.md). This file, like
all of this folder, is written by \`make charts\`.

## Install

${INSTALL_CERTIFICATES}
Then, with Helm 3 or Helm 4, from the folder of this repository:

\`\`\`sh
helm install linkerd-crds charts/linkerd-crds --namespace linkerd --create-namespace
helm install linkerd-control-plane charts/linkerd-control-plane --namespace linkerd --wait \\
  --set-file identityTrustAnchorsPEM=ca.crt \\
  --set-file identity.issuer.tls.crtPEM=issuer.crt \\
  --set-file identity.issuer.tls.keyPEM=issuer.key
\`\`\`

A namespace joins the mesh by an annotation, its pods when they start anew:

\`\`\`sh
kubectl annotate namespace NAMESPACE linkerd.io/inject=enabled
kubectl --namespace NAMESPACE rollout restart deployment
\`\`\`

What is missing or wrong among the values is told before anything is installed, in one line. An issuer that the trust
anchors have not signed is told by \`identity\`, which then does not start:
\`kubectl --namespace linkerd logs deployment/linkerd-identity --container identity\`.

${IMAGES}
## Certificates made by others

- cert-manager, or anybody else, makes the issuer: \`--set identity.issuer.scheme=kubernetes.io/tls\`, and a Secret
  \`linkerd-identity-issuer\` of type \`kubernetes.io/tls\` in the namespace of the control plane. \`identity\` follows it while
  it runs; nothing needs a restart.
- trust-manager, or anybody else, makes the trust anchors: \`--set identity.externalCA=true\`, and a ConfigMap
  \`linkerd-identity-trust-roots\` with the key \`ca-bundle.crt\`.
- The webhook makes its own serving certificate, and renews it. Instead you may give one (\`proxyInjector.crtPEM\`,
  \`keyPEM\`), or say that the Secret \`linkerd-proxy-injector-k8s-tls\` is made by others (\`proxyInjector.externalSecret\`
  with \`caBundle\`, \`injectCaFrom\` or \`injectCaFromSecret\`).

## High availability

\`\`\`sh
helm upgrade --install linkerd-control-plane charts/linkerd-control-plane --namespace linkerd \\
  --values values/ha.yaml …
\`\`\`

Three replicas of each part on different nodes, disruption budgets, resources, and a webhook that pods wait for
(\`webhookFailurePolicy: Fail\`). On fewer than three nodes some replicas stay pending: \`--set enablePodAntiAffinity=false\`.
With \`Fail\`, pods of \`kube-system\` and of namespaces labelled \`config.linkerd.io/admission-webhooks: disabled\` never
wait for the webhook.

${GITOPS}
## Upgrade, roll back, uninstall

\`\`\`sh
helm upgrade linkerd-crds charts/linkerd-crds --namespace linkerd
helm upgrade linkerd-control-plane charts/linkerd-control-plane --namespace linkerd --reset-then-reuse-values --wait
helm rollback linkerd-control-plane --namespace linkerd --wait
helm uninstall linkerd-control-plane --namespace linkerd
helm uninstall linkerd-crds --namespace linkerd
\`\`\`

An upgrade replaces only pods whose specification changes. Proxies keep working meanwhile, also without any control
plane, on what they know; they are renewed when their pods start anew. Before uninstalling, take the proxies out: remove
the annotation \`linkerd.io/inject\` and restart the workloads. The Secret \`linkerd-proxy-injector-k8s-tls\` and the Lease
\`linkerd-proxy-injector-certificate\`, which the webhook makes at run time, go with the namespace.
Uninstalling \`linkerd-crds\` deletes all policies and ServiceProfiles with their kinds.

## Values

Values are checked against a schema: a key that the chart doesn't know is refused. Those marked _(absent)_ are accepted
and stand in no file.

${valuesTable}

## Differences from Linkerd's chart

Everything else has the keys and defaults of upstream's chart.

${DIFFERENCES_TABLE}
`;
}
