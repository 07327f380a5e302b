import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject, Pod } from '#lib/resources';
import { report, waitUntil } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { createCertificates } from '../mesh/certificates.ts';
import { createHelm, MESH_NAMESPACE } from '../mesh/helm.ts';
import { measureMemory } from '../mesh/memory.ts';
import { CONTROL_PLANE, CRDS, installMesh, removeMesh, valuesOf, waitForControlPlane } from '../mesh/mesh.ts';

const HELM_LINES = ['helm3', 'helm4'] as const;
const OURS = 'linkerd.io/control-plane-ns=linkerd';
/** What the charts make besides what stands in the namespace. */
const CLUSTER_KINDS =
  'clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,customresourcedefinitions';

describe('installation', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await takeCluster();
    await removeMesh(cluster);
  });
  afterAll(() => removeMesh(cluster));

  describe.each(HELM_LINES)('by %s', (line) => {
    it('brings a control plane up, which fits into its memory', async () => {
      await installMesh(cluster, line);
      const pods = await cluster.kubectl.list<Pod>('pods', { namespace: MESH_NAMESPACE });
      expect(pods.length).toBe(3);
      const { totalMb, lines } = await measureMemory(cluster, pods);
      for (const text of lines) report(text);
      report(`${line}: all control-plane containers together: ${totalMb.toFixed(0)} MB RssAnon`);
    });

    it('leaves nothing behind when it is uninstalled', async () => {
      const helm = createHelm(cluster.lab, line);
      expect((await helm('uninstall', CONTROL_PLANE, '--wait')).status).toBe(0);
      expect((await helm('uninstall', CRDS, '--wait')).status).toBe(0);
      const left = await cluster.kubectl.list<KubeObject>(CLUSTER_KINDS, { selector: OURS });
      expect(left.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([]);
      await cluster.kubectl.delete('namespace', MESH_NAMESPACE);
    });
  });

  describe('what is missing is said in one line, with the mend', () => {
    const attempt = async (values: Readonly<Record<string, unknown>>) => {
      const helm = createHelm(cluster.lab, 'helm4');
      return helm.install({ name: CONTROL_PLANE, chart: CONTROL_PLANE, values });
    };

    it('no trust anchors', async () => {
      const { trustAnchors: _, ...rest } = createCertificates();
      const { status, stderr } = await attempt(valuesOf({ ...rest, trustAnchors: '' }));
      expect(status).not.toBe(0);
      expect(stderr).toContain('Please provide the identity trust anchors');
    });

    it('no issuer', async () => {
      const values = valuesOf({ ...createCertificates(), issuerCert: '' });
      const { status, stderr } = await attempt(values);
      expect(status).not.toBe(0);
      expect(stderr).toContain('Please provide the identity issuer certificate');
    });

    it('no CRDs: the control plane runs, says so, and takes them without a restart', async () => {
      expect((await attempt(valuesOf(createCertificates()))).status).toBe(0);
      const pods = await waitForControlPlane(cluster);
      const said = await waitForLog({
        deployment: 'linkerd-destination',
        container: 'destination',
        wanted: /mend=/,
      });
      expect(said).toMatch(/serviceprofiles\.linkerd\.io.*install the chart linkerd-crds/);
      const crds = await createHelm(cluster.lab, 'helm4').install({ name: CRDS, chart: CRDS });
      expect(crds.status).toBe(0);
      const wanted = /watching again.*serviceprofiles/;
      expect(
        await waitForLog({ deployment: 'linkerd-destination', container: 'destination', wanted }),
      ).toMatch(wanted);
      expect((await waitForControlPlane(cluster)).map(({ metadata }) => metadata.uid)).toEqual(
        pods.map(({ metadata }) => metadata.uid),
      );
      await removeMesh(cluster);
    });

    it('an issuer that the trust anchors have not signed', async () => {
      const foreign = createCertificates();
      const values = valuesOf({
        ...createCertificates(),
        issuerCert: foreign.issuerCert,
        issuerKey: foreign.issuerKey,
      });
      expect((await attempt(values)).status).toBe(0);
      const said = await waitForLog({
        deployment: 'linkerd-identity',
        container: 'identity',
        wanted: /rror/,
      });
      expect(said).toMatch(/trust anchor/i);
      await removeMesh(cluster);
    });
  });

  it('names no registry that has nothing of ours', async () => {
    const readme = await readFile(
      new URL(`../../../charts/${CONTROL_PLANE}/README.md`, import.meta.url),
      'utf8',
    );
    expect(readme).toContain('make images');
  });

  /** The last lines of a container, once what is wanted is in them, or after a minute. */
  async function waitForLog(of: {
    readonly deployment: string;
    readonly container: string;
    readonly wanted: RegExp;
  }): Promise<string> {
    const { kubectl } = cluster;
    const args = [
      'logs',
      `deployment/${of.deployment}`,
      '-n',
      MESH_NAMESPACE,
      '-c',
      of.container,
      '--tail=30',
    ];
    let text = '';
    const isSaid = async () => {
      text = await kubectl(args);
      return of.wanted.test(text);
    };
    await waitUntil(`${of.deployment} says ${of.wanted}`, isSaid, 60_000).catch(() => {});
    return text;
  }
});
