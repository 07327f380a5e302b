/** Certificates that the chart doesn't make. */
export const OTHER_CERTIFICATES = `## Certificates made by others

- cert-manager, or anybody else, makes the issuer: \`--set identity.issuer.scheme=kubernetes.io/tls\`, and a Secret
  \`linkerd-identity-issuer\` of type \`kubernetes.io/tls\` in the namespace of the control plane. \`identity\` follows it while
  it runs; nothing needs a restart.
- trust-manager, or anybody else, makes the trust anchors: \`--set identity.externalCA=true\`, and a ConfigMap
  \`linkerd-identity-trust-roots\` with the key \`ca-bundle.crt\`.
- The webhook makes its own serving certificate, and renews it. Instead you may give one (\`proxyInjector.crtPEM\`,
  \`keyPEM\`), or say that the Secret \`linkerd-proxy-injector-k8s-tls\` is made by others (\`proxyInjector.externalSecret\`
  with \`caBundle\`, \`injectCaFrom\` or \`injectCaFromSecret\`).
`;

export const HIGH_AVAILABILITY = `## High availability

\`\`\`sh
helm upgrade --install linkerd-control-plane charts/linkerd-control-plane --namespace linkerd \\
  --values values/ha.yaml …
\`\`\`

Three replicas of each part on different nodes, disruption budgets, resources, and a webhook that pods wait for
(\`webhookFailurePolicy: Fail\`). On fewer than three nodes some replicas stay pending: \`--set enablePodAntiAffinity=false\`.
With \`Fail\`, pods of \`kube-system\` and of namespaces labelled \`config.linkerd.io/admission-webhooks: disabled\` never
wait for the webhook.
`;

export const LIFE_CYCLE = `## Upgrade, roll back, uninstall

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
`;
