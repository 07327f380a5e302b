import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { DESTINATION_PORT } from '../../../services/destination/contract.ts';
import { IDENTITY_PORT, ISSUER_FILES } from '../../../services/identity/contract.ts';
import { POLICY_PORT } from '../../../services/policy/contract.ts';
import { CORE } from '../arena.ts';
import { startProgram } from '../program.ts';
import { askNamespace, type Stage } from '../stage.ts';

const SERVICES_DIR = join(import.meta.dirname, '../../../services');
const TRUST_DOMAIN = 'cluster.local';
const START_TIMEOUT_MS = '10000';
/** Admin servers that nobody asks here, out of each other's way. */
const ADMIN_PORT = { identity: 9990, destination: 9996, policy: 9997 } as const;

/** Where a proxy finds the control plane: beside it, in plaintext, as in a pod of the control plane. */
export const CONTROL_PLANE_ENV: Readonly<Record<string, string>> = {
  LINKERD2_PROXY_IDENTITY_SVC_ADDR: `127.0.0.1:${IDENTITY_PORT}`,
  LINKERD2_PROXY_DESTINATION_SVC_ADDR: `127.0.0.1:${DESTINATION_PORT}`,
  LINKERD2_PROXY_POLICY_SVC_ADDR: `127.0.0.1:${POLICY_PORT}`,
};

interface ControlPlaneFiles {
  readonly jwks: string;
  readonly issuerDir: string;
  readonly manifestsDir: string;
}

/**
 * Starts identity, destination and policy in each of the two namespaces, on the load's core. There are two sets
 * because only a control plane on loopback is spoken to without mTLS; they share one issuer.
 */
export async function startControlPlanes(
  stage: Stage,
  input: { jwks: string; objects: readonly unknown[] },
): Promise<void> {
  const files = await writeFiles(stage, input);
  for (const namespace of [stage.arena.client, stage.arena.server]) {
    for (const [service, args] of Object.entries(buildArguments(stage, files))) {
      await startService(stage, namespace, { service, args });
    }
  }
}

async function writeFiles(
  { dir, certificates }: Stage,
  { jwks, objects }: { jwks: string; objects: readonly unknown[] },
): Promise<ControlPlaneFiles> {
  const files = {
    jwks: join(dir, 'jwks.json'),
    issuerDir: join(dir, 'issuer'),
    manifestsDir: join(dir, 'manifests'),
  };
  await mkdir(files.issuerDir, { recursive: true });
  await mkdir(files.manifestsDir, { recursive: true });
  await writeFile(files.jwks, jwks);
  const { cert, key } = ISSUER_FILES['linkerd.io/tls'];
  await copyFile(certificates.issuer.cert, join(files.issuerDir, cert));
  await copyFile(certificates.issuer.key, join(files.issuerDir, key));
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await writeFile(join(files.manifestsDir, 'cluster.json'), JSON.stringify(list, null, 2));
  return files;
}

function buildArguments(
  stage: Stage,
  { jwks, issuerDir, manifestsDir }: ControlPlaneFiles,
): Record<string, string[]> {
  const loopback = (port: number): string => `127.0.0.1:${port}`;
  return {
    identity: [
      `--addr=${loopback(IDENTITY_PORT)}`,
      `--admin-addr=${loopback(ADMIN_PORT.identity)}`,
      `--identity-trust-domain=${TRUST_DOMAIN}`,
      `--issuer=${issuerDir}`,
      `--trust-anchors=${stage.certificates.ca.cert}`,
      `--token-jwks=${jwks}`,
    ],
    destination: [
      `--addr=${loopback(DESTINATION_PORT)}`,
      `--metrics-addr=${loopback(ADMIN_PORT.destination)}`,
      `--identity-trust-domain=${TRUST_DOMAIN}`,
      `--manifests=${manifestsDir}`,
    ],
    policy: [
      `--grpc-addr=${loopback(POLICY_PORT)}`,
      `--admin-addr=${loopback(ADMIN_PORT.policy)}`,
      `--manifests=${manifestsDir}`,
    ],
  };
}

const PORT_OF: Readonly<Record<string, number>> = {
  identity: IDENTITY_PORT,
  destination: DESTINATION_PORT,
  policy: POLICY_PORT,
};

async function startService(
  stage: Stage,
  namespace: string,
  { service, args }: { service: string; args: readonly string[] },
): Promise<void> {
  const main = join(SERVICES_DIR, service, 'main.ts');
  const place = { namespace, core: CORE.load, program: process.execPath };
  const program = startProgram({ ...place, args: [main, ...args] }, stage.cleanup);
  try {
    await askNamespace(namespace, 'connect', `127.0.0.1:${PORT_OF[service]}`, START_TIMEOUT_MS);
  } catch (error) {
    const text = `the ${service} service does not listen; it said: ${program.output().trim()}`;
    throw new MeshError('BENCH_PROGRAM_FAILED', text, { cause: error });
  }
}
