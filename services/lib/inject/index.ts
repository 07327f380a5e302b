export { annotateOpaquePorts } from './annotate-opaque-ports.ts';
export { ANNOTATION_RULES, INHERITED_ANNOTATIONS } from './annotation-rules.ts';
export { type AnnotatedValues, type AnnotationContext, applyAnnotations } from './apply-annotations.ts';
export {
  type AnnotationPlace,
  decideInjection,
  describeSkipReasons,
  type InjectionDecision,
  type InjectionQuestion,
  type InjectMode,
  SKIP_REASON_TEXT,
  type SkipReason,
} from './decide-injection.ts';
export { findInjectFailures, type InjectFailure, listInjectFailures } from './failures.ts';
export { type InjectedPod, type InjectPodOptions, injectPod } from './inject-pod.ts';
export { type AddOperation, applyPatch, jsonPointer } from './json-patch.ts';
export { defaultOpaquePorts, type OpaquePortsContext } from './opaque-ports.ts';
export { LABELLED_OWNER_KINDS, type PodOwner } from './owner.ts';
// The parts, as trees: of plain values `settle` makes plain objects, of expressions the chart printer makes templates.
export {
  buildDebugContainer,
  buildValidatorContainer,
  DEBUG_CONTAINER,
  VALIDATOR_COMMAND,
  VALIDATOR_CONTAINER,
} from './parts/auxiliary-containers.ts';
export {
  type ControlPlaneComponent,
  type ControlPlanePeer,
  type ControlPlanePeers,
  controlPlaneAnnotations,
  controlPlanePeers,
  controlPlaneValues,
  identityOf,
  type ProxyResourceOverrides,
} from './parts/control-plane.ts';
export {
  buildControlPlanePod,
  type ControlPlanePod,
  type ControlPlanePodOptions,
} from './parts/control-plane-pod.ts';
export { buildImage, buildResources } from './parts/image.ts';
export { buildInitArgs, buildInitContainer, PROXY_INIT_COMMAND } from './parts/init-container.ts';
export { type PodTraits, readPodTraits } from './parts/pod-traits.ts';
export { AWAIT_COMMAND, buildProxyContainer, type ProxyContainerOptions } from './parts/proxy-container.ts';
export { buildProxyEnv, TRUST_ROOTS } from './parts/proxy-env.ts';
export { buildProxyVolumes, buildXtablesLockVolume } from './parts/volumes.ts';
export { createPodInjector, type PodInjector, type WrittenInjection } from './pod-injector.ts';
export { listInboundPorts } from './ports.ts';
export { SERVICE_ACCOUNT_DIR } from './service-account-mount.ts';
export {
  type ImageValues,
  type InjectValues,
  type ProxyInitValues,
  type ProxyValues,
  type ResourcesValues,
  trustDomainOf,
} from './values.ts';
