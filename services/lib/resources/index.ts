export { ANNOTATION, CONFIG_ANNOTATION_PREFIX } from './annotations.ts';
export * from './core.ts';
export { LABEL } from './labels.ts';
export {
  apiVersionOf,
  type KubeObject,
  type ObjectMeta,
  type OwnerReference,
  type ResourceKind,
} from './object.ts';
