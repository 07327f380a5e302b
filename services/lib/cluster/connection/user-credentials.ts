import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Clock, describeError, MeshError, systemClock } from '#lib/base';
import type { Environment } from '#lib/config';
import type { Credentials, TlsMaterial } from './connection.ts';
import { type ExecCredential, runExecPlugin } from './exec-credential.ts';
import type { KubeconfigCluster, KubeconfigPart, KubeconfigUser } from './kubeconfig.ts';

export interface UserCredentialsOptions {
  readonly cluster: KubeconfigPart<KubeconfigCluster>;
  readonly user: KubeconfigPart<KubeconfigUser>;
  readonly env: Environment;
  readonly clock?: Clock;
}

/** Files may change below us; a plugin says itself until when its answer is good. */
const REREAD_MS = 60_000;
/** A plugin's answer is asked for anew a little before its end. */
const EXPIRY_MARGIN_MS = 30_000;

/** What a user of a kubeconfig shows to a cluster, remembered for a while. */
export function createUserCredentials(options: UserCredentialsOptions): {
  credentials(): Promise<Credentials>;
  invalidate(): void;
} {
  const { clock = systemClock } = options;
  let known: Credentials | undefined;
  let goodUntilMs = 0;
  let reading: Promise<Credentials> | undefined;
  const read = async (): Promise<Credentials> => {
    try {
      const exec = options.user.value.exec === undefined ? undefined : await runExecPlugin(options);
      const next = await readCredentials(options, exec);
      const rereadMs = exec === undefined ? REREAD_MS : lifeOf(exec, clock);
      goodUntilMs = clock.monotonic() + rereadMs;
      known = known !== undefined && isSame(known.tls, next.tls) ? { ...next, tls: known.tls } : next;
      return known;
    } catch (error) {
      if (error instanceof MeshError) throw error;
      const sentence = `The credentials of the kubeconfig ${options.user.file} cannot be read: ${describeError(error)}.`;
      throw new MeshError('LINKERD_KUBECONFIG', sentence, { cause: error });
    } finally {
      reading = undefined;
    }
  };
  return {
    async credentials() {
      if (known !== undefined && clock.monotonic() < goodUntilMs) return known;
      reading ??= read();
      return reading;
    },
    invalidate() {
      goodUntilMs = 0;
    },
  };
}

function lifeOf({ expiresMs }: ExecCredential, clock: Clock): number {
  return expiresMs === undefined ? Number.POSITIVE_INFINITY : expiresMs - EXPIRY_MARGIN_MS - clock.now();
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function readCredentials(
  { cluster, user }: UserCredentialsOptions,
  exec: ExecCredential | undefined,
): Promise<Credentials> {
  const { value } = user;
  const authorization = await readAuthorization(user, exec);
  const ca = await readPem(
    cluster,
    cluster.value['certificate-authority-data'],
    cluster.value['certificate-authority'],
  );
  const cert =
    exec?.certPem ?? (await readPem(user, value['client-certificate-data'], value['client-certificate']));
  const key = exec?.keyPem ?? (await readPem(user, value['client-key-data'], value['client-key']));
  const servername = cluster.value['tls-server-name'];
  return {
    ...(authorization !== undefined && { authorization }),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(servername !== undefined && { servername }),
      ...(cluster.value['insecure-skip-tls-verify'] === true && { isInsecure: true }),
    },
  };
}

async function readAuthorization(
  user: KubeconfigPart<KubeconfigUser>,
  exec: ExecCredential | undefined,
): Promise<string | undefined> {
  const { token, tokenFile, username, password } = user.value;
  if (exec?.token !== undefined) return `Bearer ${exec.token}`;
  // As client-go has it: the file goes before the text.
  if (tokenFile !== undefined)
    return `Bearer ${(await readFile(resolvePath(user, tokenFile), 'utf8')).trim()}`;
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

async function readPem(
  part: { readonly file: string },
  base64: string | undefined,
  path: string | undefined,
): Promise<string | undefined> {
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('utf8');
  return path === undefined ? undefined : readFile(resolvePath(part, path), 'utf8');
}

/** A path in a kubeconfig, relative to its file. */
function resolvePath({ file }: { readonly file: string }, path: string): string {
  return resolve(dirname(file), path);
}
