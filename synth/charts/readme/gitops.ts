/** What those have to know who let a tool apply the chart again and again. */
export const GITOPS = `## GitOps

The chart is a function of its values: rendered twice, anywhere, it gives the same bytes. Nothing in it is made up,
looked up or dated, so Argo CD and Flux see no difference that nobody made, and need no \`ignoreDifferences\`.
What the webhook makes at run time it writes to objects and fields that the chart leaves absent: the Secret
\`linkerd-proxy-injector-k8s-tls\`, a Lease, and the \`caBundle\` of its MutatingWebhookConfiguration, by server-side apply
as \`linkerd-proxy-injector\`. Let your tool apply server-side too (Argo CD: \`ServerSideApply=true\`), or leave fields alone
that are not in its manifests, as Helm, Flux and Argo CD do by default.

The two charts are two applications, \`linkerd-crds\` first (a sync wave, or Flux's \`dependsOn\`). Certificates are values
(from a Secret, by \`valuesFrom\` or a plugin), or made by cert-manager, as told above.
`;
