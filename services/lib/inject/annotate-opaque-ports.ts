import { ANNOTATION, type Pod, type Service } from '#lib/resources';
import { type AddOperation, jsonPointer } from './json-patch.ts';
import { defaultOpaquePorts, type OpaquePortsContext } from './opaque-ports.ts';

/**
 * The patch for a Service, or for a pod that gets no proxy: the opaque-ports annotation it lacks, if any.
 * Source: facts sheet injection, section 6.
 */
export function annotateOpaquePorts(object: Pod | Service, context: OpaquePortsContext): AddOperation[] {
  const ports = defaultOpaquePorts(object, context);
  if (ports === undefined) return [];
  const operations: AddOperation[] = [];
  if (Object.keys(object.metadata.annotations ?? {}).length === 0) {
    operations.push({ op: 'add', path: '/metadata/annotations', value: {} });
  }
  const path = jsonPointer('metadata', 'annotations', ANNOTATION.opaquePorts);
  operations.push({ op: 'add', path, value: ports });
  return operations;
}
