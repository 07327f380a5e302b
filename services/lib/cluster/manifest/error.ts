import { MeshError } from '#lib/base';

/** Where in a manifest something is wrong. */
export interface ManifestPlace {
  /** The file as it was found under the directory, the directory included. */
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
  /** `spec.ports[0].port`; absent where the text could not be parsed at all. */
  readonly field?: string;
}

/** A manifest that cannot be used: which file, line and field, and what is wrong with it. */
export class ManifestError extends MeshError {
  readonly file: string;
  readonly line: number;
  readonly field: string | undefined;

  constructor(place: ManifestPlace, problem: string) {
    const field = place.field === undefined || place.field === '' ? '' : `${place.field}: `;
    super('LINKERD_MANIFEST_INVALID', `${place.file}:${place.line}: ${field}${problem}`);
    this.name = 'ManifestError';
    this.file = place.file;
    this.line = place.line;
    this.field = place.field;
  }
}
