/** README.md of the chart. */
export function writeCrdsReadme({ valuesTable }: { readonly valuesTable: string }): string {
  return `# linkerd-crds

The kinds of resources that Linkerd adds to Kubernetes: policies, ServiceProfiles, ExternalWorkloads. Install it before
[linkerd-control-plane](../linkerd-control-plane/README.md). This file, like all of this folder, is written by
\`make charts\`.

\`\`\`sh
helm install linkerd-crds charts/linkerd-crds --namespace linkerd --create-namespace
\`\`\`

The kinds are templates and not in Helm's \`crds/\`, so that \`helm upgrade\` changes them too. \`helm uninstall\` deletes them,
and with them all their resources.

## The Gateway API

Routes (HTTPRoute, GRPCRoute, TLSRoute, TCPRoute) are kinds of the [Gateway API](https://gateway-api.sigs.k8s.io), which
belongs to the whole cluster and often is there already. The chart never brings it unasked; \`installGatewayAPI\` does
(bundle v1.1.1, experimental channel). The mesh works without it, and picks the kinds up when they come, without a
restart. What this chart has installed of them stays when it is uninstalled.

## Values

${valuesTable}

## Differences from Linkerd's chart

AuthorizationPolicy and MeshTLSAuthentication are also served as \`v1beta1\`, as guides write them. Everything else has the
keys and defaults of upstream's chart.
`;
}
