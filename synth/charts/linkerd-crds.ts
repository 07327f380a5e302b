import type { App } from 'cdk8s';
import { choose, type Deferred, defaultTo, eq, not, or, text, type Value } from '#lib/expr';
import { ANNOTATION, LABEL } from '#lib/resources';
import { buildCrd, type CrdDefinition, GATEWAY_CRDS, LINKERD_CRDS } from '../crds/index.ts';
import { type HelmChart, Template, type TemplateProps } from '../helm/index.ts';
import { CRDS_VALUES, type CrdsValues } from '../values/linkerd-crds.ts';
import { VERSION } from '../values/version.ts';
import { writeCrdsReadme } from './linkerd-crds-readme.ts';

type CrdsProps = TemplateProps<Deferred<CrdsValues>>;

/** What the kinds of the mesh are; upgrades change them too, so they are templates and not in Helm's `crds/`. */
export const LINKERD_CRDS_CHART: HelmChart<typeof CRDS_VALUES> = {
  name: 'linkerd-crds',
  description: 'The kinds of resources that Linkerd adds to Kubernetes',
  version: VERSION,
  appVersion: VERSION,
  spec: CRDS_VALUES,
  about: { keywords: ['service-mesh', 'linkerd', 'crd'] },
  build(scope, props) {
    for (const definition of LINKERD_CRDS) new CrdTemplate(scope, props, { definition });
    for (const { definition, valueKey } of GATEWAY_CRDS) {
      new CrdTemplate(scope, props, { definition, when: isWanted(props, valueKey) });
    }
  },
  notes: (props) => text`The kinds of the mesh are installed. The control plane comes next:

  helm install linkerd-control-plane charts/linkerd-control-plane --namespace ${props.release.namespace} \\
    --set-file identityTrustAnchorsPEM=ca.crt \\
    --set-file identity.issuer.tls.crtPEM=issuer.crt \\
    --set-file identity.issuer.tls.keyPEM=issuer.key
${choose(isWanted(props, 'enableHttpRoutes'), '', GATEWAY_HINT)}`,
  readme: writeCrdsReadme,
};

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;

/** The Gateway API belongs to the whole cluster: nobody gets it without asking. */
const GATEWAY_HINT = `
Routes need the kinds of the Gateway API, which this release has not installed. See whether the cluster has them:

  kubectl get crd httproutes.gateway.networking.k8s.io grpcroutes.gateway.networking.k8s.io

If not, install them from https://gateway-api.sigs.k8s.io, or with --set installGatewayAPI=true. The mesh works
without them, and picks them up when they come.
`;

interface CrdParts {
  readonly definition: CrdDefinition;
  readonly when?: Value<boolean>;
}

/** One kind: templates/<group>-<plural>.yaml. */
class CrdTemplate extends Template<CrdsProps['values']> {
  constructor(scope: App, props: CrdsProps, { definition, when = true }: CrdParts) {
    super(scope, `${definition.group.replaceAll('.', '-')}-${definition.names.plural}`, props);
    const { values, release } = props;
    const { name, version } = release.chart;
    const crd = buildCrd(definition, {
      labels: {
        'helm.sh/chart': `${name}-${version.replaceAll('+', '_')}`,
        [LABEL.controlPlaneNs]: release.namespace,
      },
      annotations: {
        [ANNOTATION.createdBy]: defaultTo(values.cliVersion, `linkerd/helm ${release.chart.appVersion}`),
      },
    });
    this.add(CRD, { ...crd }, { when });
  }
}

/** A key that is there decides, whatever it says; an absent one leaves it to `installGatewayAPI`. */
function isWanted({ values }: CrdsProps, key: (typeof GATEWAY_CRDS)[number]['valueKey']): Value<boolean> {
  return or(eq(values[key], true), choose(isGiven(values[key]), false, values.installGatewayAPI));
}

function isGiven(value: Value<boolean | null>): Value<boolean> {
  return not(eq(value, null));
}
