import { forEach, isSet, joinText, text, when } from '#lib/expr';
import { POLICY_ADMIN_PORT, POLICY_PORT } from '../../services/policy/contract.ts';
import { COMMAND } from '../images/contract.ts';
import { type ArgPart, buildController } from './parts/controller-container.ts';
import { KUBE_API_MOUNT } from './parts/kube-api-access.ts';
import { anyAddress, type ControlPlaneProps, trustDomain } from './parts/props.ts';

/** The container that tells proxies who may do what. */
export function buildPolicyContainer(props: ControlPlaneProps) {
  const { policyController } = props.values;
  return buildController(props, {
    name: 'policy',
    command: [COMMAND.policy],
    args: buildArgs(props),
    ports: [
      { name: 'policy-grpc', containerPort: POLICY_PORT },
      { name: 'policy-admin', containerPort: POLICY_ADMIN_PORT },
    ],
    adminPort: POLICY_ADMIN_PORT,
    livePath: '/live',
    probes: policyController,
    resources: policyController.resources,
    volumeMounts: [KUBE_API_MOUNT],
  });
}

function buildArgs(props: ControlPlaneProps): readonly ArgPart[] {
  const { values, release } = props;
  const { additionalArgs, experimentalArgs, logLevel, probeNetworks } = values.policyController;
  return [
    text`--admin-addr=${anyAddress(props, POLICY_ADMIN_PORT)}`,
    text`--control-plane-namespace=${release.namespace}`,
    text`--grpc-addr=${anyAddress(props, POLICY_PORT)}`,
    text`--cluster-networks=${values.clusterNetworks}`,
    text`--identity-domain=${trustDomain(props)}`,
    text`--cluster-domain=${values.clusterDomain}`,
    text`--default-policy=${values.proxy.defaultInboundPolicy}`,
    text`--log-level=${logLevel}`,
    text`--log-format=${values.controllerLogFormat}`,
    text`--default-opaque-ports=${values.proxy.opaquePorts}`,
    text`--global-egress-network-namespace=${values.egress.globalEgressNetworkNamespace}`,
    when(isSet(probeNetworks), text`--probe-networks=${joinText(',', probeNetworks)}`),
    forEach(additionalArgs, (arg) => arg),
    forEach(experimentalArgs, (arg) => arg),
  ];
}
