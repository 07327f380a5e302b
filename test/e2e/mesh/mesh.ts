import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '#lib/resources';
import { report } from '../../support/waiting.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitForPods } from '../cluster/kubectl.ts';
import { createCertificates, type MeshCertificates } from './certificates.ts';
import { createHelm, expectSuccess, type Helm, type HelmLine, MESH_NAMESPACE } from './helm.ts';

export const CRDS = 'linkerd-crds';
export const CONTROL_PLANE = 'linkerd-control-plane';
/** The Deployments of a control plane, each with one replica unless the values say otherwise. */
export const COMPONENTS = ['destination', 'identity', 'proxy-injector'] as const;

/** An installed mesh. */
export interface Mesh {
  readonly helm: Helm;
  readonly certificates: MeshCertificates;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The values that a user with certificates of their own passes. */
export function valuesOf({ trustAnchors, issuerCert, issuerKey }: MeshCertificates): Record<string, unknown> {
  return {
    identityTrustAnchorsPEM: trustAnchors,
    identity: { issuer: { tls: { crtPEM: issuerCert, keyPEM: issuerKey } } },
  };
}

/** Installs both charts and waits until the control plane is Ready; prints how long that took. */
export async function installMesh(cluster: Cluster, line: HelmLine): Promise<Mesh> {
  const helm = createHelm(cluster.lab, line);
  const certificates = createCertificates();
  const values = valuesOf(certificates);
  expectSuccess(await helm.install({ name: CRDS, chart: CRDS }));
  const startedMs = performance.now();
  expectSuccess(await helm.install({ name: CONTROL_PLANE, chart: CONTROL_PLANE, values }));
  await waitForControlPlane(cluster);
  report(
    `${line}: control plane Ready ${((performance.now() - startedMs) / 1000).toFixed(1)} s after install`,
  );
  writeFileSync(recordOf(cluster), JSON.stringify(certificates));
  return { helm, certificates, values };
}

export function waitForControlPlane(
  { kubectl }: Cluster,
  count: number = COMPONENTS.length,
): Promise<readonly Pod[]> {
  const selector = 'linkerd.io/control-plane-component';
  return waitForPods(kubectl, { namespace: MESH_NAMESPACE, selector, count, timeoutMs: 180_000 });
}

/** Removes both releases, whichever Helm made them, and the namespace with all that is left in it. */
export async function removeMesh({ lab, kubectl }: Cluster): Promise<void> {
  const helm = createHelm(lab, 'helm4');
  await helm('uninstall', CONTROL_PLANE, '--wait', '--ignore-not-found');
  await helm('uninstall', CRDS, '--wait', '--ignore-not-found');
  await kubectl.delete('namespace', MESH_NAMESPACE);
}

/** The mesh that is installed, or a new one by Helm 4 where there is none with the default values. */
export async function takeMesh(cluster: Cluster): Promise<Mesh> {
  const helm = createHelm(cluster.lab, 'helm4');
  const record = recordOf(cluster);
  if (existsSync(record) && (await helm('status', CONTROL_PLANE)).status === 0) {
    const certificates = JSON.parse(readFileSync(record, 'utf8')) as MeshCertificates;
    await waitForControlPlane(cluster);
    return { helm, certificates, values: valuesOf(certificates) };
  }
  await removeMesh(cluster);
  return installMesh(cluster, 'helm4');
}

/** Where the certificates of the installed mesh are kept for other files of the suite. */
function recordOf({ lab }: Cluster): string {
  return join(lab.stateDir, 'e2e-mesh.json');
}
