import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { choose } from '#lib/expr';
import { ANNOTATION, LABEL } from '#lib/resources';
import { Template } from '../helm/index.ts';
import type { ControlPlaneProps } from './parts/props.ts';

/** The namespace of the control plane, where there is no Helm that makes it. */
export class NamespaceTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'namespace', props);
    const { values, release } = props;
    this.add(k8s.KubeNamespace, {
      metadata: {
        name: release.namespace,
        annotations: { [ANNOTATION.inject]: 'disabled' },
        labels: {
          [LABEL.isControlPlane]: 'true',
          'config.linkerd.io/admission-webhooks': 'disabled',
          [LABEL.controlPlaneNs]: release.namespace,
          // linkerd-init needs capabilities that the standards for pods forbid.
          'pod-security.kubernetes.io/enforce': choose(values.cniEnabled, 'restricted', 'privileged'),
        },
      },
    });
  }
}
