/** What an expression yields, as far as printing has to know: an integer prints unlike a fraction. */
export type ExprType = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'map' | 'any';

/** Where a reference begins: the objects that Helm gives to a template (helm.sh/docs, "Built-in Objects"). */
export type RefRoot = 'Values' | 'Release' | 'Chart';

export type ExprNode =
  | { readonly op: 'literal'; readonly value: unknown }
  /** `isNilSafe`: something on the path may be absent, which is no error. */
  | {
      readonly op: 'ref';
      readonly root: RefRoot;
      readonly path: readonly string[];
      readonly isNilSafe: boolean;
    }
  /** The item or the key of a loop. */
  | { readonly op: 'variable'; readonly name: string }
  | { readonly op: Operation; readonly args: readonly ExprNode[] };

/** What `fold.ts` computes and `synth/helm` prints. */
export type Operation =
  | 'text'
  | 'eq'
  | 'atLeast'
  | 'not'
  | 'and'
  | 'or'
  | 'isSet'
  | 'choose'
  | 'defaultTo'
  | 'joinText'
  | 'trim'
  | 'upperSnake'
  | 'sha256'
  | 'base64'
  | 'yamlText'
  | 'mapOf'
  | 'mergeMaps'
  | 'omitKeys'
  | 'required';

/** A value that is known only when a chart is rendered: what Helm computes from the user's values. */
export class Expr<out T> {
  readonly node: ExprNode;
  readonly type: ExprType;
  /** Never set: carries the type. */
  declare readonly __type?: T;

  constructor(node: ExprNode, type: ExprType) {
    this.node = node;
    this.type = type;
  }
}

/** A value, or an expression for one. Functions over these compute at once where they have all values. */
export type Value<T> = T | Expr<T>;

export function isExpr(value: unknown): value is Expr<unknown> {
  return value instanceof Expr;
}

/** `.Values.a.b`. */
export function refer<T>(
  path: readonly string[],
  options: { readonly type: ExprType; readonly root?: RefRoot; readonly isNilSafe?: boolean },
): Expr<T> {
  const { root = 'Values', isNilSafe = false, type } = options;
  return new Expr<T>({ op: 'ref', root, path, isNilSafe }, type);
}

export function toNode(value: unknown): ExprNode {
  return isExpr(value) ? value.node : { op: 'literal', value };
}

/** What a value is, whether it is known already or not. */
export function typeOf(value: unknown): ExprType {
  if (isExpr(value)) return value.type;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' && value !== null ? 'map' : 'any';
}
