import { MeshError } from '#lib/base';

/** Kinds whose traffic can be told apart. */
export type WorkloadKind = 'deployment' | 'pod' | 'namespace' | 'service';

/** `deployment/web`, or all of a kind. */
export interface ResourceRef {
  readonly kind: WorkloadKind;
  readonly name?: string;
}

const KINDS: Readonly<Record<string, WorkloadKind>> = {
  deploy: 'deployment',
  deployment: 'deployment',
  deployments: 'deployment',
  po: 'pod',
  pod: 'pod',
  pods: 'pod',
  ns: 'namespace',
  namespace: 'namespace',
  namespaces: 'namespace',
  svc: 'service',
  service: 'service',
  services: 'service',
};

/** Kinds that Linkerd knows and a local mesh never has. */
const ABSENT_KINDS =
  /^(au|authority|authorities|cj|cronjobs?|ds|daemonsets?|jobs?|rc|replicationcontrollers?|rs|replicasets?|sts|statefulsets?|ts|trafficsplits?)$/;

const ALL_KINDS: readonly WorkloadKind[] = ['deployment', 'pod', 'service'];

/**
 * Reads resources as kubectl does: `deploy`, `deploy web cart`, `deploy/web po/x`, or `all`.
 * Throws RESOURCE_INVALID.
 */
export function parseResources(args: readonly string[]): readonly ResourceRef[] {
  const [first = '', ...names] = args;
  if (first === '') throw refuse('no resource is given: name one, such as deploy or deploy/web');
  if (first === 'all' && names.length === 0) return ALL_KINDS.map((kind) => ({ kind }));
  if (args.some((arg) => arg.includes('/'))) return args.map(parseResource);
  const kind = parseKind(first);
  return names.length === 0 ? [{ kind }] : names.map((name) => ({ kind, name }));
}

/** Reads `deploy/web` or `deploy`. Throws RESOURCE_INVALID. */
export function parseResource(text: string): ResourceRef {
  const [kind = '', name, ...rest] = text.split('/');
  if (rest.length > 0 || name === '')
    throw refuse(`${JSON.stringify(text)} is not valid: give TYPE or TYPE/NAME`);
  return name === undefined ? { kind: parseKind(kind) } : { kind: parseKind(kind), name };
}

export function parseKind(text: string): WorkloadKind {
  const kind = Object.hasOwn(KINDS, text.toLowerCase()) ? KINDS[text.toLowerCase()] : undefined;
  if (kind !== undefined) return kind;
  const known = 'deployment (deploy), pod (po), namespace (ns) or service (svc)';
  if (ABSENT_KINDS.test(text.toLowerCase())) throw refuse(`a local mesh has no ${text}: ask for ${known}`);
  throw refuse(`cannot find Kubernetes canonical name from friendly name [${text}]: use ${known}`);
}

function refuse(sentence: string): MeshError {
  return new MeshError('RESOURCE_INVALID', sentence);
}
