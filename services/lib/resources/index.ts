export { ANNOTATION, CONFIG_ANNOTATION_PREFIX } from './annotations.ts';
export * from './core.ts';
export { EXTERNAL_WORKLOADS, type ExternalWorkload } from './crds/external-workload.ts';
export { SERVERS, type Server } from './crds/server.ts';
export {
  type RequestCondition,
  type ResponseCondition,
  SERVICE_PROFILES,
  type ServiceProfile,
  type ServiceProfileRoute,
} from './crds/service-profile.ts';
export { LABEL } from './labels.ts';
export {
  apiVersionOf,
  type KubeObject,
  type ObjectMeta,
  type OwnerReference,
  type ResourceKind,
} from './object.ts';
export { containerPortNames, servicePortNames } from './port-names.ts';
export {
  createPortSet,
  type PortNames,
  type PortRange,
  type PortSet,
  type PortSetReading,
  parsePortSet,
  readPortSet,
} from './port-set.ts';
export { parseQuantity } from './quantity.ts';
export { type LabelExpression, type LabelSelector, matchesSelector } from './selector.ts';
