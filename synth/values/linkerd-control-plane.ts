import type { k8s } from 'cdk8s-plus-27';
import type { Plain } from '../helm/kube-types.ts';
import { CONTROLLER_UID, IMAGE } from '../images/contract.ts';
import {
  destinationController,
  egress,
  policyController,
  spValidator,
} from './linkerd-control-plane-destination.ts';
import { identity } from './linkerd-control-plane-identity.ts';
import {
  domain,
  env,
  image,
  kubeApi,
  logFormat,
  proxyResources,
  pullPolicy,
  resources,
} from './linkerd-control-plane-parts.ts';
import { podMonitor } from './linkerd-control-plane-pod-monitor.ts';
import { proxy } from './linkerd-control-plane-proxy.ts';
import { networkValidator, proxyInit } from './linkerd-control-plane-proxy-init.ts';
import { controllerTracing } from './linkerd-control-plane-tracing.ts';
import { policyValidator, profileValidator, proxyInjector } from './linkerd-control-plane-webhooks.ts';
import {
  flag,
  group,
  integer,
  intOrText,
  list,
  map,
  nullable,
  optional,
  text,
  textOrNumber,
  type ValuesOf,
  whole,
} from './spec.ts';
import { VERSION } from './version.ts';

const CLUSTER_NETWORKS = '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8';

interface ServiceAccountName {
  readonly name: string;
  readonly namespace: string;
}

const OBJECT = { type: 'object' } as const;
const TEXT = { type: 'string' } as const;

const general = {
  clusterDomain: domain('cluster.local', 'The DNS domain of the cluster.'),
  clusterNetworks: text(CLUSTER_NETWORKS, 'Networks of pods, Services and nodes, as a comma list.'),
  imagePullPolicy: pullPolicy('IfNotPresent', 'When nodes pull images that have no policy of their own.'),
  revisionHistoryLimit: integer(10, 'Old ReplicaSets to keep.', { minimum: 0 }),
  controllerLogLevel: text('info', 'What the control plane logs.'),
  controllerLogFormat: logFormat('plain', 'How the control plane logs: `plain` or `json`.'),
  linkerdVersion: text(VERSION, 'The version of the mesh: the tag of images that have none of their own.'),
  deploymentStrategy: group('How Deployments replace their pods.', {
    rollingUpdate: group('One after the other.', {
      maxUnavailable: intOrText('25%', 'So many pods may be missing meanwhile.'),
      maxSurge: intOrText('25%', 'So many pods may be there in addition.'),
    }),
  }),
  enableEndpointSlices: flag(true, 'Read EndpointSlices; our destination service reads nothing else.'),
  enablePodAntiAffinity: flag(false, 'Spread the replicas over nodes and, where it can be, over zones.'),
  enablePprof: flag(false, 'Accepted for compatibility, without effect.'),
  enablePodDisruptionBudget: flag(false, 'Limit how many replicas may be evicted at once.'),
  disableIPv6: flag(true, 'Leave IPv6 alone.'),
  controller: group('What holds for all parts of the control plane.', {
    podDisruptionBudget: group('With `enablePodDisruptionBudget`.', {
      maxUnavailable: intOrText(1, 'So many replicas of one part may be missing.'),
    }),
    tracing: controllerTracing,
  }),
  cniEnabled: flag(false, 'A CNI plugin redirects traffic, so pods get no linkerd-init.'),
  identityTrustAnchorsPEM: text('', 'The trust anchors, as PEM: one certificate or several. Required.', {
    format: 'pem',
  }),
  identityTrustDomain: domain('', 'The trust domain of identities; empty for `clusterDomain`.'),
  kubeAPI: kubeApi(),
  podAnnotations: map<string>({}, 'Annotations of all pods of the control plane.', TEXT),
  podLabels: map<string>({}, 'Labels of all pods of the control plane.', TEXT),
  commonLabels: map<string>({}, 'Labels of all objects of the chart.', TEXT),
  priorityClassName: text('', 'The priority class of the pods.'),
  runtimeClassName: text('', 'The runtime class of the pods.'),
};

const images = {
  imagePullSecrets: list<{ readonly name: string }>([], 'Secrets for pulling images, by name.', {
    type: 'object',
    required: ['name'],
    properties: { name: TEXT },
  }),
  enableH2Upgrade: flag(true, 'Carry HTTP/1 as HTTP/2 between proxies.'),
  enablePSP: flag(false, 'Refused: Kubernetes has no PodSecurityPolicies since 1.25.'),
  webhookFailurePolicy: text('Ignore', 'What becomes of a pod that the injector cannot be asked about.', {
    enum: ['Ignore', 'Fail'],
  }),
  controllerImage: text(IMAGE.controller, 'The image of the control plane.'),
  controllerImageVersion: textOrNumber('', 'Its tag; empty for `linkerdVersion`.'),
  controllerReplicas: integer(1, 'Pods of each part of the control plane.', { minimum: 0 }),
  controllerUID: integer(CONTROLLER_UID, 'The user that the control plane runs as.', { minimum: 0 }),
  controllerGID: integer(-1, 'The group it runs as; negative for the one of the image.', { minimum: -1 }),
};

/** Upstream's templates read them too, and its values.yaml has none of them either. */
const absent = {
  cliVersion: optional(text('', 'Set by the CLI: what made these objects.')),
  heartbeatSchedule: optional(text('', 'Accepted, without effect: there is no heartbeat.')),
  heartbeat: optional(
    group('Accepted, without effect: there is no heartbeat.', {
      additionalEnv: env('Without effect.'),
      experimentalEnv: env('Without effect.'),
    }),
  ),
  tolerations: optional(list<Plain<k8s.Toleration>>([], 'Taints that the pods tolerate.', OBJECT)),
  nodeAffinity: optional(
    whole<Plain<k8s.NodeAffinity>>({}, 'Which nodes the pods want, as in the specification of a pod.'),
  ),
  destinationResources: optional(resources('What the destination container asks of its node.')),
  identityResources: optional(resources('What the identity container asks of its node.')),
  heartbeatResources: optional(resources('Accepted, without effect: there is no heartbeat.')),
  proxyInjectorResources: optional(resources('What the proxy-injector container asks of its node.')),
  spValidatorResources: optional(resources('What the sp-validator container asks of its node.')),
  controllerResources: optional(resources('Accepted, without effect: an anchor in values of upstream.')),
  destinationProxyResources: optional(proxyResources('destination')),
  identityProxyResources: optional(proxyResources('identity')),
  proxyInjectorProxyResources: optional(proxyResources('proxy-injector')),
  highAvailability: optional(flag(false, 'A mark for `linkerd check`.')),
  image: optional(group('Part of the created-by annotation.', { version: text('', 'The version.') })),
};

/** Every value of the chart: keys, order and defaults are upstream's but for `DIFFERENCES`. */
export const CONTROL_PLANE_VALUES = group('Values of the chart linkerd-control-plane.', {
  ...general,
  policyController,
  proxy,
  proxyInit,
  networkValidator,
  ...images,
  destinationController,
  debugContainer: group('A container with network tools, for pods that ask for it.', {
    image: image(IMAGE.debug, 'the debug container'),
  }),
  identity,
  disableHeartBeat: flag(true, 'Nothing phones home; `false` is refused.'),
  proxyInjector,
  profileValidator,
  policyValidator,
  nodeSelector: map<string>(
    { 'kubernetes.io/os': 'linux' },
    'Labels of the nodes that the pods may run on.',
    TEXT,
  ),
  spValidator,
  prometheusUrl: text('', 'The Prometheus that the viz extension asks.'),
  podMonitor,
  egress,
  configReaders: nullable(
    list<ServiceAccountName>(null, 'Service accounts that may read the ConfigMap `linkerd-config`.', {
      type: 'object',
      required: ['name', 'namespace'],
      properties: { name: TEXT, namespace: TEXT },
    }),
  ),
  ...absent,
});

export type ControlPlaneValues = ValuesOf<typeof CONTROL_PLANE_VALUES>;
