import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errorCode } from '#lib/base';
import { ISSUER_FILES } from '../contract.ts';
import { createStartError } from '../errors.ts';

/** The issuer's credentials and the trust anchors as they stand in their files. */
export interface CredentialFiles {
  readonly certPem: string;
  readonly keyPem: string;
  readonly anchorsPem: string;
  /** The paths, for sentences. */
  readonly names: { readonly cert: string; readonly key: string; readonly anchors: string };
  /** Of all three contents: equal means nothing has changed. */
  readonly hash: string;
}

export interface CredentialPaths {
  readonly issuerDir: string;
  /** The form to prefer where files of both stand there. */
  readonly scheme: string;
  readonly trustAnchorsFile: string;
}

/** Reads all three. Throws IDENTITY_FILE_UNREADABLE with the path. */
export async function readCredentialFiles(paths: CredentialPaths): Promise<CredentialFiles> {
  const { certPem, keyPem, files } = await readIssuer(paths);
  const anchorsPem = await readText(paths.trustAnchorsFile);
  const names = {
    cert: join(paths.issuerDir, files.cert),
    key: join(paths.issuerDir, files.key),
    anchors: paths.trustAnchorsFile,
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([certPem, keyPem, anchorsPem]))
    .digest('hex');
  return { certPem, keyPem, anchorsPem, names, hash };
}

async function readIssuer({ issuerDir, scheme }: CredentialPaths) {
  const directory = await resolveVolume(issuerDir);
  const native = ISSUER_FILES['linkerd.io/tls'];
  const kubernetes = ISSUER_FILES['kubernetes.io/tls'];
  const forms = scheme === 'linkerd.io/tls' ? [native, kubernetes] : [kubernetes, native];
  for (const files of forms) {
    const certPem = await readIfThere(join(directory, files.cert));
    if (certPem !== undefined) return { certPem, keyPem: await readText(join(directory, files.key)), files };
  }
  const wanted = forms.map(({ cert, key }) => `${cert} and ${key}`).join(', or ');
  throw createStartError(
    'IDENTITY_FILE_UNREADABLE',
    `The issuer directory ${issuerDir} holds no issuer; put there ${wanted}.`,
  );
}

/** Kubernetes swaps the link `..data`: read through it once, and the certificate and the key are of one age. */
async function resolveVolume(directory: string): Promise<string> {
  try {
    return await realpath(join(directory, '..data'));
  } catch {
    return directory;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw refuse(path, error);
  }
}

/** Reads a text file. Throws IDENTITY_FILE_UNREADABLE with the path. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw refuse(path, error);
  }
}

function refuse(path: string, error: unknown): Error {
  const what = errorCode(error) === 'ENOENT' ? 'it does not exist' : describeError(error);
  return createStartError(
    'IDENTITY_FILE_UNREADABLE',
    `The file ${path} cannot be read: ${what}; check the path and the mount.`,
    error,
  );
}
