import { describeError, MeshError } from '#lib/base';
import { formatCertificateText, formatIdentity } from '#lib/pki';
import { matchesSelector } from '#lib/resources';
import { parseLabelSelector } from '../mesh/label-selector.ts';
import { type MeshPod, podLabel } from '../mesh/mesh-pod.ts';
import { type Mesh, openMesh } from '../mesh/open-mesh.ts';
import type { Output } from '../output/output.ts';
import { fetchChain } from './fetch-chain.ts';

export interface IdentityFlags {
  readonly name: string;
  readonly namespace: string;
  readonly selector?: string;
  /** The issuers too, as far as the proxy presents them. */
  readonly chain?: boolean;
}

/** Prints the certificates of pods, by name or selector. Rejects at the end when one could not be read. */
export async function printIdentity(
  names: readonly string[],
  flags: IdentityFlags,
  { localDir, output }: { readonly localDir: string; readonly output: Output },
): Promise<void> {
  if (names.length === 0 && (flags.selector ?? '') === '') {
    throw new MeshError('IDENTITY_NO_PODS', 'no pod is given: name one or more, or use the flag --selector');
  }
  const mesh = openMesh({ name: flags.name, localDir });
  const pods = choosePods(mesh, names, flags);
  let failed = 0;
  for (const [index, pod] of pods.entries()) {
    output.stdout(`\nPOD ${pod.name} (${index + 1} of ${pods.length})\n\n`);
    try {
      output.stdout(await renderIdentity(mesh, pod, flags.chain === true));
    } catch (error) {
      failed += 1;
      output.stderr(`× ${describeError(error)}\n`);
    }
  }
  if (failed > 0) {
    throw new MeshError(
      'IDENTITY_INCOMPLETE',
      `${failed} of ${pods.length} pods showed no certificate; see above`,
    );
  }
}

async function renderIdentity({ instance }: Mesh, pod: MeshPod, whole: boolean): Promise<string> {
  const { controlPlaneNamespace, trustDomain } = instance;
  const { serviceAccount, namespace } = pod;
  const identity = formatIdentity({ serviceAccount, namespace, controlPlaneNamespace, trustDomain });
  const chain = await fetchChain({ label: podLabel(pod), ip: pod.ip, identity });
  return (whole ? chain : chain.slice(0, 1)).map(formatCertificateText).join('\n');
}

function choosePods(mesh: Mesh, names: readonly string[], flags: IdentityFlags): readonly MeshPod[] {
  const own = mesh.pods.filter(({ namespace }) => namespace === flags.namespace);
  const missing = names.find((name) => !own.some((pod) => pod.name === name));
  if (missing !== undefined) {
    throw new MeshError(
      'POD_NOT_FOUND',
      `pods ${JSON.stringify(missing)} not found in namespace ${flags.namespace}`,
    );
  }
  const selector = parseLabelSelector(flags.selector ?? '');
  const chosen =
    names.length > 0
      ? own.filter(({ name }) => names.includes(name))
      : own.filter(({ labels, meshed }) => meshed && matchesSelector(selector, labels));
  if (chosen.length > 0) return chosen;
  throw new MeshError(
    'POD_NOT_FOUND',
    `no meshed pod in namespace ${flags.namespace} has the labels ${flags.selector}: see "linkerd local status"`,
  );
}
