/** How a chart's values are declared, and all that is made of the declaration. */
export { coalesceValues, completeValues, defaultsOf } from './spec/complete.ts';
export {
  flag,
  type Group,
  group,
  integer,
  intOrText,
  type JsonSchema,
  type Leaf,
  list,
  map,
  nullable,
  number,
  optional,
  type SpecNode,
  text,
  textOrNumber,
  type ValuesOf,
  whole,
} from './spec/leaf.ts';
export { toReadmeTable } from './spec/readme.ts';
export { referValues } from './spec/refer.ts';
export { toJsonSchema } from './spec/schema.ts';
export { validateValues } from './spec/validate.ts';
export { toValuesYaml } from './spec/yaml.ts';
