import { choose, type Deferred, defaultTo, text, type Value } from '#lib/expr';
import { type InjectValues, trustDomainOf } from '#lib/inject';
import type { TemplateProps } from '../../helm/index.ts';
import type { ControlPlaneValues } from '../../values/linkerd-control-plane.ts';

/** What every template of the control plane is made of. */
export type ControlPlaneProps = TemplateProps<Deferred<ControlPlaneValues>>;

/** The annotation that says what made an object. */
export function createdBy({ values }: ControlPlaneProps): Value<string> {
  const version = defaultTo(values.image.version, values.linkerdVersion);
  return defaultTo(values.cliVersion, text`linkerd/helm ${version}`);
}

/** The trust anchors as the user gave them, under either of their names. */
export function trustAnchors({ values }: ControlPlaneProps): Value<string> {
  return defaultTo(values.identityTrustAnchorsPEM, values.identity.trustAnchorsPEM);
}

/** The values of `#lib/inject`: the chart's, with what Helm knows beside them. */
export function injectValues(props: ControlPlaneProps): Deferred<InjectValues> {
  return {
    ...props.values,
    controlPlaneNamespace: props.release.namespace,
    identityTrustAnchorsPEM: trustAnchors(props),
  };
}

export function trustDomain(props: ControlPlaneProps): Value<string> {
  return trustDomainOf(injectValues(props));
}

/** The address on which a program listens at a port, on all addresses of the pod. */
export function anyAddress({ values }: ControlPlaneProps, port: number): Value<string> {
  return text`${choose(values.disableIPv6, '0.0.0.0', '[::]')}:${port}`;
}
