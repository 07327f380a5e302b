/** What an expression yields, as far as printing has to know: an integer prints unlike a fraction. */
export type ExprType = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'map' | 'any';

/** Where a reference begins: the objects that Helm gives to a template (helm.sh/docs, "Built-in Objects"). */
export type RefRoot = 'Values' | 'Release' | 'Chart';

export interface LiteralNode {
  readonly op: 'literal';
  readonly type: ExprType;
  readonly value: unknown;
}

export interface RefNode {
  readonly op: 'ref';
  readonly type: ExprType;
  readonly root: RefRoot;
  readonly path: readonly string[];
  /** Something on the path may be absent, which is no error. */
  readonly isNilSafe: boolean;
  /** What the items of a list are, or the values of a map, if they are all alike. */
  readonly itemType?: ExprType;
}

/** The item or the key of a loop. */
export interface VariableNode {
  readonly op: 'variable';
  readonly type: ExprType;
  readonly name: string;
}

export interface OperationNode {
  readonly op: Operation;
  readonly type: ExprType;
  readonly args: readonly ExprNode[];
}

/** Plain data, which `synth/helm` carries through cdk8s as JSON. */
export type ExprNode = LiteralNode | RefNode | VariableNode | OperationNode;

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
  | 'fieldOf'
  | 'joinText'
  | 'joinEntries'
  | 'trim'
  | 'spelled'
  | 'upperSnake'
  | 'sha256'
  | 'base64'
  | 'yamlText'
  | 'jsonText'
  | 'mapOf'
  | 'mergeMaps'
  | 'omitKeys'
  | 'omitPath'
  | 'required';

/** A value that is known only when a chart is rendered: what Helm computes from the user's values. */
export class Expr<out T> {
  readonly node: ExprNode;
  /** Never set: carries the type. */
  declare readonly __type?: T;

  constructor(node: ExprNode) {
    this.node = node;
  }

  get type(): ExprType {
    return this.node.type;
  }
}

/** A value, or an expression for one. Functions over these compute at once where they have all values. */
export type Value<T> = T | Expr<T>;

export function isExpr(value: unknown): value is Expr<unknown> {
  return value instanceof Expr;
}

export interface RefOptions extends Partial<Pick<RefNode, 'root' | 'isNilSafe' | 'itemType'>> {
  readonly type: ExprType;
}

/** `.Values.a.b`. */
export function refer<T>(path: readonly string[], options: RefOptions): Expr<T> {
  return new Expr<T>({ op: 'ref', root: 'Values', isNilSafe: false, path, ...options });
}

/** What a loop's items are. */
export function itemTypeOf(node: ExprNode): ExprType {
  if (node.op === 'ref') return node.itemType ?? 'any';
  const [first] = node.op === 'defaultTo' ? node.args : [];
  return first === undefined ? 'any' : itemTypeOf(first);
}

export function toNode(value: unknown): ExprNode {
  return isExpr(value) ? value.node : { op: 'literal', type: typeOf(value), value };
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
