import { MeshError } from '#lib/base';
import type { LabelSelector } from '#lib/resources';
import { parseResource, parseResources, type ResourceRef } from '../mesh/resource-args.ts';

/** A resource in a namespace, or with `namespace` undefined in any. */
export interface Target extends ResourceRef {
  readonly namespace: string | undefined;
}

/** What `viz stat` is asked. */
export interface StatQuery {
  readonly targets: readonly Target[];
  readonly selector: LabelSelector;
  /** Only what these resources send to it. */
  readonly to: Target | undefined;
  /** Only what comes from it. */
  readonly from: Target | undefined;
  /** Rows of workloads without a proxy too. */
  readonly unmeshed: boolean;
}

export interface StatQueryInput {
  readonly resources: readonly string[];
  readonly namespace: string;
  readonly allNamespaces: boolean;
  readonly selector: LabelSelector;
  readonly to?: string | undefined;
  readonly toNamespace?: string | undefined;
  readonly from?: string | undefined;
  readonly fromNamespace?: string | undefined;
  readonly unmeshed: boolean;
}

/** Reads the command line of `viz stat`. Throws STAT_QUERY_INVALID or RESOURCE_INVALID. */
export function parseStatQuery(input: StatQueryInput): StatQuery {
  const { allNamespaces, selector, unmeshed } = input;
  const namespace = allNamespaces ? undefined : input.namespace;
  const targets = parseResources(input.resources).map((resource) => place(resource, namespace));
  if (allNamespaces && targets.some(({ name }) => name !== undefined)) {
    throw refuse('a resource cannot be retrieved by name across all namespaces: leave the name or -A out');
  }
  if (input.to !== undefined && input.from !== undefined) {
    throw refuse('--to and --from are mutually exclusive: give one of them');
  }
  const to = placeOther(input.to, input.toNamespace ?? input.namespace);
  const from = placeOther(input.from, input.fromNamespace ?? input.namespace);
  if (from?.kind === 'service' || (to !== undefined && targets.some(({ kind }) => kind === 'service'))) {
    throw refuse('a service sends no requests of its own: ask for the deployments or pods behind it');
  }
  return { targets, selector, to, from, unmeshed };
}

function placeOther(text: string | undefined, namespace: string): Target | undefined {
  return text === undefined ? undefined : place(parseResource(text), namespace);
}

/** A namespace is in no namespace. */
function place(resource: ResourceRef, namespace: string | undefined): Target {
  return { ...resource, namespace: resource.kind === 'namespace' ? undefined : namespace };
}

function refuse(sentence: string): MeshError {
  return new MeshError('STAT_QUERY_INVALID', sentence);
}
