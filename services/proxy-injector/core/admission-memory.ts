import { createHash } from 'node:crypto';
import { type Admission, type AdmissionQuestion, admit } from './admit.ts';

/** An admission whose patch is written already. */
export interface WrittenAdmission extends Omit<Admission, 'patch'> {
  /** JSON; empty where nothing changes. */
  readonly patchJson: string;
}

/** Decides like `admit`, and remembers. */
export type AdmissionMemory = (question: AdmissionQuestion) => WrittenAdmission;

/** What the API server calls the volume of a pod's token: the one thing in which the pods of a workload differ. */
const TOKEN_VOLUME = /kube-api-access-[a-z0-9]{5}(?![a-z0-9])/g;
const PLACEHOLDER = 'kube-api-access-\0';
const MAX_ENTRIES = 512;
/** A larger patch is not remembered: its pod is an odd one. */
const MAX_PATCH_CHARS = 32 * 1024;

/**
 * Pods come in crowds made from one template. What was decided about one holds for all that look the same, under the
 * same values and the same namespace; the names of their token volumes are put in place.
 */
export function createAdmissionMemory(): AdmissionMemory {
  const known = new Map<string, WrittenAdmission>();
  const nameObject = createNames();
  return (question) => {
    const { object, namespace, owner, values } = question;
    if (object.kind !== 'Pod') return write(admit(question));
    const { annotations, labels } = object.metadata;
    const text = JSON.stringify([annotations, labels, object.spec]);
    const volume = findTokenVolume(text);
    // Of two such names nobody could say which stands where.
    if (volume === undefined) return write(admit(question));
    const place = JSON.stringify([nameObject(values), nameObject(namespace), owner?.kind, owner?.name]);
    const template = volume === '' ? text : text.replaceAll(volume, PLACEHOLDER);
    const key = createHash('sha256').update(place).update(template).digest('base64');
    const found = known.get(key);
    if (found !== undefined) return rename(found, PLACEHOLDER, volume);
    const admission = write(admit(question));
    if (admission.patchJson.length <= MAX_PATCH_CHARS) known.set(key, rename(admission, volume, PLACEHOLDER));
    if (known.size > MAX_ENTRIES) known.delete(known.keys().next().value ?? '');
    return admission;
  };
}

function write({ patch, ...admission }: Admission): WrittenAdmission {
  return { ...admission, patchJson: patch.length === 0 ? '' : JSON.stringify(patch) };
}

function rename(admission: WrittenAdmission, from: string, to: string): WrittenAdmission {
  if (from === '' || to === '') return admission;
  return { ...admission, patchJson: admission.patchJson.replaceAll(from, to) };
}

/** Empty where there is none; undefined where there are several. */
function findTokenVolume(text: string): string | undefined {
  const names = new Set(text.match(TOKEN_VOLUME));
  if (names.size > 1) return undefined;
  const [name = ''] = names;
  return name;
}

/** A number for each object, the same for the same object. */
function createNames(): (object: object) => number {
  const names = new WeakMap<object, number>();
  let last = 0;
  return (object) => {
    const name = names.get(object) ?? ++last;
    names.set(object, name);
    return name;
  };
}
