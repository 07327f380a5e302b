import type { KubernetesClient, KubernetesRequest } from './client.ts';
import { hasStatus } from './error.ts';

/** One page of a list; its objects carry neither `apiVersion` nor `kind`. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** The version of the whole list: where a watch begins. */
  readonly resourceVersion: string;
}

export interface ListPagesOptions {
  readonly path: string;
  readonly query?: KubernetesRequest['query'];
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

const PAGE_SIZE = 500;
/** How often a list whose next page has expired (410) is begun anew. */
const MAX_RESTARTS = 3;

interface WireList<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

/**
 * Lists everything, page by page, as it was at one moment. `convert` makes of each object what is kept, so that only
 * one page is ever held whole. Rejects with a KubernetesError.
 */
export async function listPages<T, R>(
  request: KubernetesClient['request'],
  options: ListPagesOptions,
  convert: (item: T) => R,
): Promise<ListPage<R>> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await listOnce(request, options, convert);
    } catch (error) {
      if (!hasStatus(error, 410) || restarts >= MAX_RESTARTS) throw error;
    }
  }
}

async function listOnce<T, R>(
  request: KubernetesClient['request'],
  { path, query, ...rest }: ListPagesOptions,
  convert: (item: T) => R,
): Promise<ListPage<R>> {
  const items: R[] = [];
  let next: string | undefined;
  for (;;) {
    const page: WireList<T> = await request<WireList<T>>({
      method: 'GET',
      path,
      query: { ...query, limit: PAGE_SIZE, ...(next !== undefined && { continue: next }) },
      ...rest,
    });
    for (const item of page.items ?? []) items.push(convert(item));
    next = page.metadata?.continue || undefined;
    if (next === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }
}
