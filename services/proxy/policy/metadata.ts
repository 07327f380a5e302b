/** Which resource, or which built-in default, a piece of configuration comes from; metric labels name it. */
export interface PolicyMeta {
  readonly group: string;
  /** `default` for a built-in one; group and namespace are empty then. */
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly section: string;
  /** 0 where it has none. */
  readonly port: number;
}

/** The metadata of a built-in default (`all-unauthenticated`, `localhost`, `http`). */
export function defaultMeta(name: string): PolicyMeta {
  return { group: '', kind: 'default', name, namespace: '', section: '', port: 0 };
}
