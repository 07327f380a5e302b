import type { App } from 'cdk8s';
import { and, eq, isSet, not } from '#lib/expr';
import { listInjectFailures } from '#lib/inject';
import { Template } from '../helm/index.ts';
import { type ControlPlaneProps, injectValues, trustAnchors } from './parts/props.ts';
import { type Failure, listWebhookFailures } from './parts/webhook.ts';

/** Values that no mesh comes of: rendering fails with one line that says what to do. */
export class ChecksTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'checks', props);
    const { values } = props;
    const failures = [
      ...listCertificateFailures(props),
      ...listWebhookFailures('proxyInjector', values.proxyInjector),
      ...listWebhookFailures('profileValidator', values.profileValidator),
      ...listWebhookFailures('policyValidator', values.policyValidator),
      ...listTracingFailures(props),
      ...listRefusals(props),
      // What proxies take by reference here is asked for above, with the mend.
      ...listInjectFailures({
        ...injectValues(props),
        proxy: { ...values.proxy, loadTrustBundleFromConfigMap: true },
      }),
    ];
    for (const failure of failures) this.failWhen(failure.when, failure.message);
  }
}

/** Begin as upstream's messages do, which guides quote. Source: facts sheet charts, section 1. */
function listCertificateFailures(props: ControlPlaneProps): readonly Failure[] {
  const { externalCA, issuer } = props.values.identity;
  const isOfChart = eq(issuer.scheme, 'linkerd.io/tls');
  return [
    {
      when: and(not(externalCA), not(isSet(trustAnchors(props)))),
      message:
        'Please provide the identity trust anchors: --set-file identityTrustAnchorsPEM=ca.crt, or ' +
        '--set identity.externalCA=true where the ConfigMap linkerd-identity-trust-roots is made by others',
    },
    {
      when: and(isOfChart, not(isSet(issuer.tls.crtPEM))),
      message:
        'Please provide the identity issuer certificate: --set-file identity.issuer.tls.crtPEM=issuer.crt, or ' +
        '--set identity.issuer.scheme=kubernetes.io/tls where the Secret linkerd-identity-issuer is made by others',
    },
    {
      when: and(isOfChart, not(isSet(issuer.tls.keyPEM))),
      message:
        'Please provide the identity issue private key: --set-file identity.issuer.tls.keyPEM=issuer.key',
    },
  ];
}

function listTracingFailures({ values }: ControlPlaneProps): readonly Failure[] {
  const { controller, proxy } = values;
  return [
    {
      when: and(
        controller.tracing.enabled,
        not(isSet(controller.tracing.collector.endpoint)),
        not(isSet(proxy.tracing.collector.endpoint)),
      ),
      message:
        'controller.tracing.collector.endpoint or proxy.tracing.collector.endpoint must be set if control plane ' +
        'tracing is enabled',
    },
  ];
}

/** What upstream has and we do not. */
function listRefusals({ values }: ControlPlaneProps): readonly Failure[] {
  return [
    {
      when: not(values.disableHeartBeat),
      message: 'disableHeartBeat cannot be false: this mesh phones nobody; leave the value out',
    },
    {
      when: values.enablePSP,
      message:
        'enablePSP cannot be true: Kubernetes has no PodSecurityPolicy since 1.25; leave the value out',
    },
    {
      when: not(values.enableEndpointSlices),
      message: 'enableEndpointSlices cannot be false: only EndpointSlices are read; leave the value out',
    },
  ];
}
