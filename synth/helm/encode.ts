import { type ExprNode, ForEach, isExpr, toNode, When } from '#lib/expr';

/**
 * How expressions and control parts travel through cdk8s: as plain objects with one of these keys. cdk8s sorts keys,
 * drops nulls and refuses instances of classes; a node of an expression goes as JSON, which it leaves alone.
 */
const EXPR = '$expr';
const WHEN = '$when';
const EACH = '$each';
/** An empty map or list: cdk8s drops those from metadata. */
const EMPTY = '$empty';

type AnyMap = Readonly<Record<string, unknown>>;

/** A part of a tree that came out of cdk8s. */
export type Part =
  | { readonly is: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly is: 'expr'; readonly node: ExprNode }
  | { readonly is: 'map'; readonly entries: readonly (readonly [string, Part])[] }
  | { readonly is: 'list'; readonly items: readonly Part[] }
  | WhenPart
  | EachPart;

export interface WhenPart {
  readonly is: 'when';
  readonly condition: ExprNode;
  readonly part: Part | undefined;
  readonly otherwise: Part | undefined;
}

export interface EachPart {
  readonly is: 'each';
  readonly source: ExprNode;
  readonly keyName: string;
  readonly itemName: string;
  readonly body: Part | undefined;
}

function encodeNode(node: ExprNode): string {
  return JSON.stringify(node);
}

/** A tree as plain data; absent keys and items are dropped, lists in lists spread. */
export function encodeTree(value: unknown): unknown {
  if (value === null) return { [EXPR]: encodeNode(toNode(null)) };
  if (isExpr(value)) return { [EXPR]: encodeNode(value.node) };
  if (value instanceof When) {
    const { part, otherwise } = value;
    return dropAbsent({
      [WHEN]: encodeNode(value.condition.node),
      part: encodeTree(part),
      otherwise: encodeTree(otherwise),
    });
  }
  if (value instanceof ForEach) {
    const loop = JSON.stringify({ ...value, source: value.source.node, body: undefined });
    return dropAbsent({ [EACH]: loop, body: encodeTree(value.body) });
  }
  if (Array.isArray(value)) return encodeList(value);
  if (typeof value !== 'object') return value;
  return encodeMap(value);
}

function encodeMap(map: object): unknown {
  const encoded = dropAbsent(
    Object.fromEntries(Object.entries(map).map(([key, part]) => [key, encodeTree(part)])),
  );
  return Object.keys(encoded).length === 0 ? { [EMPTY]: 'map' } : encoded;
}

function dropAbsent(map: AnyMap): AnyMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}

function encodeList(list: readonly unknown[]): unknown {
  const encoded = spread(list).map(encodeTree);
  return encoded.length === 0 ? { [EMPTY]: 'list' } : encoded;
}

function spread(list: readonly unknown[]): unknown[] {
  return list.flatMap((item) => {
    if (Array.isArray(item)) return spread(item);
    return item === undefined ? [] : [item];
  });
}

/** What `encodeTree` made, taken apart again. */
export function decodeTree(value: unknown): Part {
  if (Array.isArray(value)) return { is: 'list', items: value.map(decodeTree) };
  if (typeof value !== 'object' || value === null) {
    return { is: 'scalar', value: value as string | number | boolean | null };
  }
  const map = value as AnyMap;
  if (map[EMPTY] === 'map') return { is: 'map', entries: [] };
  if (map[EMPTY] === 'list') return { is: 'list', items: [] };
  if (typeof map[EXPR] === 'string') return decodeExpr(JSON.parse(map[EXPR]) as ExprNode);
  if (typeof map[WHEN] === 'string') {
    const condition = JSON.parse(map[WHEN]) as ExprNode;
    return { is: 'when', condition, part: decodeAny(map['part']), otherwise: decodeAny(map['otherwise']) };
  }
  if (typeof map[EACH] === 'string') {
    const loop = JSON.parse(map[EACH]) as Pick<EachPart, 'source' | 'keyName' | 'itemName'>;
    return { is: 'each', ...loop, body: decodeAny(map['body']) };
  }
  return { is: 'map', entries: Object.entries(map).map(([key, part]) => [key, decodeTree(part)] as const) };
}

function decodeAny(value: unknown): Part | undefined {
  return value === undefined ? undefined : decodeTree(value);
}

function decodeExpr(node: ExprNode): Part {
  return node.op === 'literal' && node.value === null ? { is: 'scalar', value: null } : { is: 'expr', node };
}
