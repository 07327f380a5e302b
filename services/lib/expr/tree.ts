import { MeshError } from '#lib/base';
import { Expr, type ExprType, isExpr, itemTypeOf, type Value } from './expression.ts';
import { isEmpty, sortedKeys } from './fold.ts';

/** A part of a tree that is there only if a condition holds once the chart is rendered. */
export class When<out T> {
  readonly condition: Expr<boolean>;
  readonly part: T;
  readonly otherwise: T | undefined;

  constructor(condition: Expr<boolean>, part: T, otherwise: T | undefined) {
    this.condition = condition;
    this.part = part;
    this.otherwise = otherwise;
  }
}

/** Parts of a list, one for each item of a list or map that is known once the chart is rendered. */
export class ForEach<out T> {
  readonly source: Expr<unknown>;
  /** Variables of the body: `$key`, `$item` with a number that is unique in the chart. */
  readonly keyName: string;
  readonly itemName: string;
  readonly body: T;

  constructor(source: Expr<unknown>, names: { readonly key: string; readonly item: string }, body: T) {
    this.source = source;
    this.keyName = names.key;
    this.itemName = names.item;
    this.body = body;
  }
}

/**
 * `T` with expressions in places of its values and with parts that may be missing. As the value of a key, `When`
 * stands for the key; as an item of a list, `When` and `ForEach` stand for an item, or for each item of an array.
 */
export type Tree<T> =
  | T
  | Expr<T>
  | When<Tree<T> | undefined>
  | (T extends string | number | boolean | null | undefined
      ? never
      : T extends readonly (infer Item)[]
        ? readonly ListPart<Item>[] | ForEach<ListPart<Item>>
        : T extends object
          ? { readonly [Key in keyof T]: Tree<T[Key]> | undefined }
          : never);

export type ListPart<Item> =
  | Tree<Item>
  | readonly ListPart<Item>[]
  | When<ListPart<Item> | undefined>
  | ForEach<ListPart<Item>>
  | undefined;

/** `part` if the condition holds, else `otherwise`, else nothing at all. */
export function when<T, O = undefined>(
  condition: Value<boolean>,
  part: T,
  otherwise?: O,
): T | O | When<T | O> | undefined {
  if (isExpr(condition)) return new When<T | O>(condition as Expr<boolean>, part, otherwise);
  return isEmpty(condition) ? otherwise : part;
}

let loops = 0;

/**
 * Parts of a list for each entry of a map, in the order of the keys, or for each item of a list (keys: indexes).
 * `itemType`, where the values' spec doesn't say what the items are.
 */
export function forEach<Item, Part>(
  source: Value<Readonly<Record<string, Item>> | readonly Item[] | null | undefined>,
  build: (item: Value<Item>, key: Value<string>) => Part,
  itemType?: ExprType,
): ForEach<Part> | Part[] {
  if (!isExpr(source)) return foldLoop(source, build);
  loops++;
  const names = { key: `key${loops}`, item: `item${loops}` };
  const item = new Expr<Item>({
    op: 'variable',
    type: itemType ?? itemTypeOf(source.node),
    name: names.item,
  });
  return new ForEach(source, names, build(item, keyOf(source, names.key)));
}

/** The keys of a list are its indexes, as texts. */
function keyOf(source: Expr<unknown>, name: string): Expr<string> {
  if (source.type !== 'list') return new Expr({ op: 'variable', type: 'string', name });
  return new Expr({ op: 'text', type: 'string', args: [{ op: 'variable', type: 'integer', name }] });
}

function foldLoop<Item, Part>(
  source: Readonly<Record<string, Item>> | readonly Item[] | null | undefined,
  build: (item: Item, key: string) => Part,
): Part[] {
  if (source === undefined || source === null) return [];
  if (Array.isArray(source)) return source.map((item: Item, i) => build(item, String(i)));
  const map = source as Readonly<Record<string, Item>>;
  return sortedKeys(map).map((key) => build(map[key] as Item, key));
}

/**
 * The plain form of a tree whose values are all known: absent keys and items are dropped, lists in lists spread.
 * Throws where an expression is left, which is an error of ours.
 */
export function settle<T>(tree: Tree<T>): T {
  return settleValue(tree, '') as T;
}

function settleValue(value: unknown, path: string): unknown {
  if (isExpr(value) || value instanceof When || value instanceof ForEach) {
    throw new MeshError('EXPRESSION_UNSETTLED', `${path || 'the tree'} depends on values that nobody gave.`);
  }
  if (Array.isArray(value)) return settleList(value, path);
  if (typeof value !== 'object' || value === null) return value;
  const settled: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) {
    if (part !== undefined) settled[key] = settleValue(part, `${path}/${key}`);
  }
  return settled;
}

function settleList(list: readonly unknown[], path: string): unknown[] {
  const settled: unknown[] = [];
  list.forEach((part, i) => {
    if (Array.isArray(part)) settled.push(...settleList(part, `${path}/${i}`));
    else if (part !== undefined) settled.push(settleValue(part, `${path}/${i}`));
  });
  return settled;
}
