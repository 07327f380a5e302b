export { annotateOpaquePorts } from './annotate-opaque-ports.ts';
export { ANNOTATION_RULES, INHERITED_ANNOTATIONS } from './annotation-rules.ts';
export { type AnnotatedValues, type AnnotationContext, applyAnnotations } from './apply-annotations.ts';
export {
  buildDebugContainer,
  buildValidatorContainer,
  DEBUG_CONTAINER,
  VALIDATOR_COMMAND,
  VALIDATOR_CONTAINER,
} from './auxiliary-containers.ts';
export {
  type ControlPlaneComponent,
  type ControlPlanePeer,
  type ControlPlanePeers,
  controlPlaneAnnotations,
  controlPlanePeers,
  controlPlaneValues,
  identityOf,
} from './control-plane.ts';
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
export { defaultInjectValues } from './default-values.ts';
export { buildInitArgs, buildInitContainer, PROXY_INIT_COMMAND } from './init-container.ts';
export { type InjectedPod, type InjectPodOptions, injectPod } from './inject-pod.ts';
export { type AddOperation, applyPatch, jsonPointer } from './json-patch.ts';
export { defaultOpaquePorts, type OpaquePortsContext } from './opaque-ports.ts';
export { LABELLED_OWNER_KINDS, type PodOwner } from './owner.ts';
export { listInboundPorts } from './ports.ts';
export { AWAIT_COMMAND, buildProxyContainer, type ProxyContainerOptions } from './proxy-container.ts';
export { buildProxyEnv, TRUST_ROOTS } from './proxy-env.ts';
export { type InjectValues, type ProxyInitValues, type ProxyValues, trustDomainOf } from './values.ts';
export { buildProxyVolumes, buildXtablesLockVolume } from './volumes.ts';
