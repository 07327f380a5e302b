import { findInjectFailures } from './failures.ts';
import { type InjectionShape, readInjectionShape } from './injection-shape.ts';
import { collectAnnotations, type MetadataOptions, patchMetadata } from './metadata-patch.ts';
import { buildSpecPatch, type SpecPatch } from './spec-patch.ts';
import type { InjectValues } from './values.ts';

export interface WrittenInjection {
  /** The patch that `injectPod` makes, as JSON. */
  readonly patchJson: string;
  readonly warnings: readonly string[];
  /** What `findInjectFailures` says of the values with the annotations applied. */
  readonly failures: readonly string[];
}

/** Injects as `injectPod` does, and remembers. */
export type PodInjector = (options: Omit<MetadataOptions, 'component'>) => WrittenInjection;

/** What is remembered of pods of one shape, under the same values. */
interface WrittenSpec extends Pick<SpecPatch, 'annotations' | 'warnings'> {
  /** The operations without their brackets, cut wherever the name of the token's volume stands. */
  readonly pieces: readonly string[];
  readonly failures: readonly string[];
}

const MAX_ENTRIES = 512;
/** A larger patch is not remembered: its pod is an odd one. */
const MAX_CHARS = 32 * 1024;
/** Stands for the one name in which the pods of a workload differ: that of the volume with their token. */
const VOLUME = '\0volume';
/** As JSON writes it, without the backslash: part of whatever else might be read as it. */
const WRITTEN_VOLUME = 'u0000volume';

/**
 * Pods come in crowds, and few differ in what their proxy depends on: containers and volumes are made and written once
 * for each shape.
 */
export function createPodInjector(): PodInjector {
  const byValues = new WeakMap<InjectValues, Map<string, WrittenSpec>>();
  const write = (shape: InjectionShape, values: InjectValues): WrittenSpec => {
    const outline = hideVolume(shape);
    const key = JSON.stringify(outline);
    const known = byValues.get(values) ?? new Map<string, WrittenSpec>();
    byValues.set(values, known);
    const found = known.get(key);
    if (found !== undefined) return found;
    // Nobody could say which of them is the volume's.
    if (key.indexOf(WRITTEN_VOLUME) !== key.lastIndexOf(WRITTEN_VOLUME)) return writeSpec(shape, values);
    const written = writeSpec(outline, values);
    if (countChars(written) <= MAX_CHARS) known.set(key, written);
    if (known.size > MAX_ENTRIES) known.delete(known.keys().next().value ?? '');
    return written;
  };
  return (options) => {
    const { pod, namespace, values } = options;
    const added = collectAnnotations(options);
    const shape = readInjectionShape(pod, namespace, { ...pod.metadata.annotations, ...added });
    const { pieces, annotations, warnings, failures } = write(shape, values);
    const metadata = JSON.stringify(patchMetadata(options, { ...added, ...annotations }));
    const operations = pieces.join(writeText(shape.serviceAccountMount?.name ?? ''));
    return { patchJson: `${metadata.slice(0, -1)},${operations}]`, warnings, failures };
  };
}

function hideVolume(shape: InjectionShape): InjectionShape {
  const { serviceAccountMount: mount } = shape;
  // Nobody has looked at it yet.
  if (typeof mount?.name !== 'string') return shape;
  return { ...shape, serviceAccountMount: { ...mount, name: VOLUME } };
}

function writeSpec(shape: InjectionShape, defaults: InjectValues): WrittenSpec {
  const { operations, annotations, values, warnings } = buildSpecPatch(shape, defaults);
  const text = JSON.stringify(operations).slice(1, -1);
  const isHidden = shape.serviceAccountMount?.name === VOLUME;
  const pieces = isHidden ? text.split(writeText(VOLUME)) : [text];
  return { pieces, annotations, warnings, failures: findInjectFailures(values) };
}

/** Within a JSON text. */
function writeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function countChars({ pieces }: WrittenSpec): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
