import { MeshError } from '#lib/base';

export type ImagesErrorCode = 'OPTION_INVALID' | 'ARCH_MISSING' | 'PACKAGE_MISSING' | 'LAYER_CONFLICT';

function createError(code: ImagesErrorCode, message: string, cause?: unknown): MeshError {
  return new MeshError(code, message, cause === undefined ? undefined : { cause });
}

export function invalidOption(name: string, value: string, wanted: string): MeshError {
  return createError('OPTION_INVALID', `${name} ${JSON.stringify(value)} is not valid: give ${wanted}`);
}

export function unknownOption(message: string): MeshError {
  return createError('OPTION_INVALID', `${message}; usage: main.ts [--out DIR] [--arch amd64|arm64]`);
}

export function missingArch(wanted: string, own: string): MeshError {
  return createError(
    'ARCH_MISSING',
    `images for ${wanted} cannot be built on this ${own} machine: Node comes from the npm package of the machine's own processor, libraries and iptables from its Debian; run this on a Debian of ${wanted}`,
  );
}

export function missingPackage(path: string, name: string, cause?: unknown): MeshError {
  return createError('PACKAGE_MISSING', `${path} is not there: install ${name}`, cause);
}

export function unresolvedLibrary(program: string, detail: string): MeshError {
  return createError(
    'PACKAGE_MISSING',
    `${program} lacks a library (${detail}): install what it needs first`,
  );
}

export function conflictingFile(path: string): MeshError {
  return createError('LAYER_CONFLICT', `/${path} is put into one layer twice: leave one of them out`);
}
