import { MeshError } from '#lib/base';
import { parseDocuments } from './document.ts';

/**
 * The value of a YAML or JSON text of one document, its scalars read as Kubernetes reads them; undefined for an
 * empty one. Throws a MeshError that names the line.
 */
export function parseYaml(text: string): unknown {
  const { documents, errors } = parseDocuments(text);
  const [error] = errors;
  if (error !== undefined) {
    throw new MeshError('LINKERD_YAML', `line ${error.line}: ${error.problem.replace(/\.?$/, '.')}`);
  }
  if (documents.length > 1)
    throw new MeshError('LINKERD_YAML', 'it has several documents, and only one may be there.');
  return documents[0]?.value;
}
