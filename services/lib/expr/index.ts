export type { Deferred, Whole } from './deferred.ts';
export {
  Expr,
  type ExprNode,
  type ExprType,
  isExpr,
  type Operation,
  type RefRoot,
  refer,
  typeOf,
  type Value,
} from './expression.ts';
export { isEmpty } from './fold.ts';
export {
  and,
  atLeast,
  base64,
  choose,
  defaultTo,
  eq,
  isSet,
  joinText,
  mapOf,
  mergeMaps,
  not,
  omitKeys,
  or,
  required,
  sha256,
  text,
  trim,
  upperSnake,
  yamlText,
} from './operators.ts';
export { ForEach, forEach, type ListPart, settle, type Tree, When, when } from './tree.ts';
