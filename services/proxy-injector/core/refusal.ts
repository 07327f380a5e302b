import { MeshError } from '#lib/base';

/** A body that is no AdmissionReview. */
export function refuseReview(problem: string, cause?: unknown): MeshError {
  return new MeshError(
    'LINKERD_INJECTOR_REVIEW',
    `The body is no AdmissionReview: ${problem}.`,
    cause === undefined ? {} : { cause },
  );
}

/** An object that cannot be judged: its creation is denied with this sentence. */
export function refuseObject(problem: string): MeshError {
  return new MeshError('LINKERD_INJECTOR_OBJECT', `The proxy injector cannot read the ${problem}.`);
}

/** A namespace that neither the watch nor the API server knows. */
export function refuseNamespace(name: string): MeshError {
  return new MeshError(
    'LINKERD_INJECTOR_NAMESPACE',
    `The proxy injector finds no namespace "${name}", whose annotations decide; create it first.`,
  );
}

/** Annotations that together mean nothing: the pod is denied. */
export function refuseAnnotations(problem: string): MeshError {
  return new MeshError(
    'LINKERD_INJECTOR_ANNOTATIONS',
    `The annotations of the pod or its namespace ask for what cannot be: ${problem}; correct or remove them.`,
  );
}
