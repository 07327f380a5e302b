import { forEach, jsonText, not, text } from '#lib/expr';
import {
  DESTINATION_ADMIN_PORT,
  DESTINATION_PORT,
  DESTINATION_FLAG as FLAG,
} from '../../services/destination/contract.ts';
import { type ArgPart, buildController, logArgs, traceArg } from './parts/controller-container.ts';
import { KUBE_API_MOUNT } from './parts/kube-api-access.ts';
import { type ControlPlaneProps, trustDomain } from './parts/props.ts';

/** The container that tells proxies where traffic goes. */
export function buildDestinationContainer(props: ControlPlaneProps) {
  const { destinationController, destinationResources } = props.values;
  return buildController(props, {
    name: 'destination',
    args: buildArgs(props),
    ports: [
      { name: 'dest-grpc', containerPort: DESTINATION_PORT },
      { name: 'dest-admin', containerPort: DESTINATION_ADMIN_PORT },
    ],
    adminPort: DESTINATION_ADMIN_PORT,
    probes: destinationController,
    resources: destinationResources,
    extraEnv: destinationController,
    volumeMounts: [KUBE_API_MOUNT],
  });
}

function buildArgs(props: ControlPlaneProps): readonly ArgPart[] {
  const { values, release } = props;
  const { additionalArgs, experimentalArgs, meshedHttp2ClientProtobuf } = values.destinationController;
  return [
    'destination',
    text`-${FLAG.addr}=:${DESTINATION_PORT}`,
    text`-${FLAG.controllerNamespace}=${release.namespace}`,
    text`-${FLAG.outboundTransportMode}=${values.proxy.outboundTransportMode}`,
    text`-${FLAG.enableH2Upgrade}=${values.enableH2Upgrade}`,
    ...logArgs(props),
    text`-${FLAG.enableEndpointSlices}=${values.enableEndpointSlices}`,
    text`-${FLAG.clusterDomain}=${values.clusterDomain}`,
    text`-${FLAG.identityTrustDomain}=${trustDomain(props)}`,
    text`-${FLAG.defaultOpaquePorts}=${values.proxy.opaquePorts}`,
    text`-${FLAG.enableIpv6}=${not(values.disableIPv6)}`,
    text`-${FLAG.enablePprof}=${values.enablePprof}`,
    text`--${FLAG.meshedHttp2ClientParams}=${jsonText(meshedHttp2ClientProtobuf)}`,
    traceArg(props),
    forEach(additionalArgs, (arg) => arg),
    forEach(experimentalArgs, (arg) => arg),
  ];
}
