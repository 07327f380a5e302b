import { isSet, type ListPart, mapOf, mergeMaps, type Tree, type Value, when } from '#lib/expr';
import { buildControlPlanePod, type ControlPlaneComponent, type ControlPlanePodOptions } from '#lib/inject';
import { ANNOTATION, type Container, LABEL, type Volume } from '#lib/resources';
import { buildAffinity } from './affinity.ts';
import { KUBE_API_MOUNT, KUBE_API_VOLUME } from './kube-api-access.ts';
import { buildMetadata, componentLabels } from './metadata.ts';
import { type ControlPlaneProps, createdBy, injectValues } from './props.ts';

type Texts = Readonly<Record<string, string>>;

const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

export interface DeploymentParts {
  readonly component: ControlPlaneComponent;
  readonly serviceAccount: string;
  readonly containers: readonly Tree<Container>[];
  readonly volumes: readonly ListPart<Volume>[];
  readonly proxyResources: NonNullable<ControlPlanePodOptions['proxyResources']>;
  /** Of this component's pods alone; they beat those of all pods. */
  readonly podAnnotations: Value<Texts>;
  /** Changes when the pods have to be replaced. */
  readonly checksum?: Value<string>;
  /** @default component, namespace and Deployment */
  readonly selectsByComponentAlone?: boolean;
}

/** One part of the control plane with its proxy. Source: facts sheet charts, sections 1 and 3.4. */
export function buildDeployment(props: ControlPlaneProps, parts: DeploymentParts) {
  const { values } = props;
  const { component } = parts;
  const pod = buildControlPlanePod({
    values: injectValues(props),
    component,
    containers: parts.containers,
    volumes: [...parts.volumes, KUBE_API_VOLUME],
    serviceAccountMount: KUBE_API_MOUNT,
    proxyResources: parts.proxyResources,
  });
  return {
    metadata: buildMetadata(props, {
      name: `linkerd-${component}`,
      component,
      labels: appLabels(props, component),
    }),
    spec: {
      replicas: values.controllerReplicas,
      revisionHistoryLimit: values.revisionHistoryLimit,
      selector: { matchLabels: buildSelector(props, parts) },
      strategy: { rollingUpdate: values.deploymentStrategy.rollingUpdate },
      template: {
        metadata: {
          annotations: buildPodAnnotations(props, parts, pod.annotations),
          labels: mergeMaps(values.podLabels, mapOf(pod.labels)),
        },
        spec: {
          ...buildScheduling(props, component),
          automountServiceAccountToken: false,
          serviceAccountName: parts.serviceAccount,
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          initContainers: pod.initContainers,
          containers: pod.containers,
          volumes: pod.volumes,
        },
      },
    },
  };
}

function appLabels({ values }: ControlPlaneProps, component: string) {
  return {
    'app.kubernetes.io/name': component,
    'app.kubernetes.io/part-of': 'Linkerd',
    'app.kubernetes.io/version': values.linkerdVersion,
  };
}

/** Selectors can't be changed later: they are upstream's, so that one chart can take over from the other. */
function buildSelector(props: ControlPlaneProps, { component, selectsByComponentAlone }: DeploymentParts) {
  if (selectsByComponentAlone) return { [LABEL.controlPlaneComponent]: component };
  return { ...componentLabels(props, component), [LABEL.proxyDeployment]: `linkerd-${component}` };
}

/** A user's annotations beat what is told for information, but not what the mesh goes by. */
function buildPodAnnotations(
  props: ControlPlaneProps,
  { podAnnotations, checksum }: DeploymentParts,
  ofProxy: Readonly<Record<string, Value<string>>>,
): Value<Texts> {
  const told = mapOf({ [ANNOTATION.createdBy]: createdBy(props), [SAFE_TO_EVICT]: 'true' });
  const fixed = mapOf({ ...(checksum !== undefined && { 'checksum/config': checksum }), ...ofProxy });
  return mergeMaps(told, props.values.podAnnotations, podAnnotations, fixed);
}

function buildScheduling(props: ControlPlaneProps, component: string) {
  const { nodeSelector, tolerations, priorityClassName, runtimeClassName } = props.values;
  return {
    nodeSelector,
    tolerations: when(isSet(tolerations), tolerations),
    affinity: buildAffinity(props, component),
    priorityClassName: when(isSet(priorityClassName), priorityClassName),
    runtimeClassName: when(isSet(runtimeClassName), runtimeClassName),
  };
}
