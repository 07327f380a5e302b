import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ScalarTag,
} from 'yaml';
import { describeError } from '#lib/base';
import type { FieldPath } from './path.ts';

/** One document of a manifest file. */
export interface ManifestDocument {
  readonly value: unknown;
  /** The line of a field, or of the nearest thing around it where the field is absent. */
  lineOf(path: FieldPath): number;
}

export interface ManifestText {
  readonly documents: readonly ManifestDocument[];
  readonly errors: readonly { readonly line: number; readonly problem: string }[];
}

/** Scalars that Kubernetes (YAML 1.1) reads otherwise than YAML 1.2: `0644`, `yes`, `off`. */
const KUBERNETES_TAGS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7]+$/,
    resolve: (text) => Number.parseInt(text, 8),
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
    resolve: (text) => /^(?:yes|on)$/i.test(text),
  },
];

/** Parses the YAML or JSON text of a file, empty documents left out. */
export function parseDocuments(text: string): ManifestText {
  const lineCounter = new LineCounter();
  const documents: ManifestDocument[] = [];
  const errors: { line: number; problem: string }[] = [];
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    merge: true,
    customTags: (tags) => [...KUBERNETES_TAGS, ...tags],
  });
  for (const document of parsed) {
    for (const error of document.errors) {
      errors.push({ line: lineCounter.linePos(error.pos[0]).line, problem: describeError(error) });
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    readDocument(document, lineCounter, { documents, errors });
  }
  return { documents, errors };
}

function readDocument(
  document: Document.Parsed,
  lineCounter: LineCounter,
  into: { documents: ManifestDocument[]; errors: { line: number; problem: string }[] },
): void {
  const lineOf = (path: FieldPath) => lineCounter.linePos(findOffset(document, path)).line;
  try {
    const value: unknown = document.toJS();
    if (value !== null && value !== undefined) into.documents.push({ value, lineOf });
  } catch (error) {
    // An alias that leads nowhere, or aliases that multiply beyond reason.
    into.errors.push({ line: lineOf([]), problem: describeError(error) });
  }
}

/** Where the path's value starts: at its key in a map, at the item in a list. */
function findOffset(document: Document.Parsed, path: FieldPath): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step] as Node | undefined;
      offset = rangeStart(node) ?? offset;
    } else break;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
