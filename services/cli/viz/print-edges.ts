import { MeshError } from '#lib/base';
import { formatIdentity } from '#lib/pki';
import { openMesh } from '../mesh/open-mesh.ts';
import { readProxies } from '../mesh/read-proxies.ts';
import { parseKind } from '../mesh/resource-args.ts';
import { type Output, printJson } from '../output/output.ts';
import { describeEdges, renderEdgeTable } from './edge-table.ts';
import { buildEdges, type EdgeKind } from './edges.ts';

export interface EdgeFlags {
  readonly name: string;
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output: string;
}

/** Prints who has connections open to whom, and what secures them. */
export async function printEdges(
  type: string,
  flags: EdgeFlags,
  { localDir, output }: { readonly localDir: string; readonly output: Output },
): Promise<void> {
  const kind = readKind(type);
  const { instance, pods } = openMesh({ name: flags.name, localDir });
  const { controlPlaneNamespace, trustDomain } = instance;
  const warn = (sentence: string) => output.stderr(`‼ ${sentence}\n`);
  const readings = await readProxies({ pods, warn });
  const edges = buildEdges(
    {
      kind,
      namespace: flags.allNamespaces === true ? undefined : flags.namespace,
      identityOf: ({ serviceAccount, namespace }) =>
        formatIdentity({ serviceAccount, namespace, controlPlaneNamespace, trustDomain }),
    },
    readings,
  );
  if (flags.output === 'json') return printJson(output, describeEdges(edges));
  if (edges.length === 0) return output.stderr('No edges found.\n');
  output.stdout(renderEdgeTable(edges, { wide: flags.output === 'wide' }));
}

function readKind(type: string): EdgeKind {
  const kind = parseKind(type);
  if (kind !== 'service') return kind;
  throw new MeshError('RESOURCE_INVALID', 'an edge is between workloads: ask for deployment or pod');
}
