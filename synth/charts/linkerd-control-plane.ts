import { text } from '#lib/expr';
import { ChecksTemplate } from '../constructs/checks.ts';
import { ConfigTemplate } from '../constructs/config.ts';
import { ConfigRbacTemplate } from '../constructs/config-rbac.ts';
import { DestinationTemplate } from '../constructs/destination.ts';
import { DestinationRbacTemplate } from '../constructs/destination-rbac.ts';
import { IdentityTemplate } from '../constructs/identity.ts';
import { IdentityRbacTemplate } from '../constructs/identity-rbac.ts';
import { NamespaceTemplate } from '../constructs/namespace.ts';
import { PodMonitorTemplate } from '../constructs/pod-monitor.ts';
import { ProxyInjectorTemplate } from '../constructs/proxy-injector.ts';
import { ProxyInjectorRbacTemplate } from '../constructs/proxy-injector-rbac.ts';
import type { HelmChart } from '../helm/index.ts';
import { CONTROL_PLANE_VALUES } from '../values/linkerd-control-plane.ts';
import { VERSION } from '../values/version.ts';
import { writeControlPlaneReadme } from './linkerd-control-plane-readme.ts';

const NAME = 'linkerd-control-plane';

/** What runs: identity, destination with policy, and the proxy injector. */
export const LINKERD_CONTROL_PLANE: HelmChart<typeof CONTROL_PLANE_VALUES> = {
  name: NAME,
  description: "The control plane of Linkerd's service mesh, in TypeScript",
  version: VERSION,
  appVersion: VERSION,
  spec: CONTROL_PLANE_VALUES,
  about: { keywords: ['service-mesh', 'linkerd', 'mtls'] },
  build(scope, props) {
    new ChecksTemplate(scope, props);
    if (!props.release.isHelm) new NamespaceTemplate(scope, props);
    new ConfigTemplate(scope, props);
    new ConfigRbacTemplate(scope, props);
    new IdentityRbacTemplate(scope, props);
    new IdentityTemplate(scope, props);
    new DestinationRbacTemplate(scope, props);
    new DestinationTemplate(scope, props);
    new ProxyInjectorRbacTemplate(scope, props);
    new ProxyInjectorTemplate(scope, props);
    new PodMonitorTemplate(scope, props);
  },
  notes: ({
    values,
    release,
  }) => text`The control plane of the mesh is installed in the namespace ${release.namespace}.

See whether it runs:

  kubectl --namespace ${release.namespace} rollout status deployment --selector linkerd.io/control-plane-ns=${release.namespace}

Let pods of a namespace join the mesh, those that start from now on:

  kubectl annotate namespace NAMESPACE linkerd.io/inject=enabled
  kubectl --namespace NAMESPACE rollout restart deployment

Images come from ${values.controllerImage} and ${values.proxy.image.name}; no registry publishes them yet. Where pods
say ErrImagePull or ImagePullBackOff, see "Images" in the README of this chart.
`,
  readme: writeControlPlaneReadme,
};
