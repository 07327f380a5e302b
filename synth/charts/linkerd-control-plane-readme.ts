import { INSTALL_CERTIFICATES } from './readme/certificates.ts';
import { DIFFERENCES_TABLE } from './readme/differences.ts';
import { GITOPS } from './readme/gitops.ts';
import { IMAGES } from './readme/images.ts';
import { HIGH_AVAILABILITY, LIFE_CYCLE, OTHER_CERTIFICATES } from './readme/operate.ts';

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
${OTHER_CERTIFICATES}
${HIGH_AVAILABILITY}
${GITOPS}
${LIFE_CYCLE}
## Values

Values are checked against a schema: a key that the chart doesn't know is refused. Those marked _(absent)_ are accepted
and stand in no file.

${valuesTable}

## Differences from Linkerd's chart

Everything else has the keys and defaults of upstream's chart.

${DIFFERENCES_TABLE}
`;
}
