import type { Pod } from '#lib/resources';
import { readInjectionShape } from './injection-shape.ts';
import { type AddOperation, applyPatch } from './json-patch.ts';
import { collectAnnotations, type MetadataOptions, patchMetadata } from './metadata-patch.ts';
import { buildSpecPatch } from './spec-patch.ts';
import type { InjectValues } from './values.ts';

export type InjectPodOptions = MetadataOptions;

export interface InjectedPod {
  readonly pod: Pod;
  /** What turns the given pod into `pod`. */
  readonly patch: readonly AddOperation[];
  /** The values with the annotations applied. */
  readonly values: InjectValues;
  readonly warnings: readonly string[];
}

/**
 * Adds a proxy to a pod that `decideInjection` lets through. Pure: the same input gives the same patch, whose
 * order is part of the contract. Source: facts sheet injection, sections 1 and 2.
 */
export function injectPod(options: InjectPodOptions): InjectedPod {
  const { pod, namespace, component } = options;
  const added = collectAnnotations(options);
  const shape = readInjectionShape(pod, namespace, { ...pod.metadata.annotations, ...added });
  const { operations, annotations, values, warnings } = buildSpecPatch(shape, options.values, component);
  const patch = [...patchMetadata(options, { ...added, ...annotations }), ...operations];
  return { pod: applyPatch(pod, patch), patch, values, warnings };
}
