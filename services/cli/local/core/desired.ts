import type {
  ConfigMap,
  Deployment,
  KubeObject,
  Namespace,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from '#lib/resources';
import { keyOf } from './names.ts';

/** What manifests ask for, by kind and then by `ns/name`. */
export interface DesiredState {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccount>;
  readonly services: ReadonlyMap<string, Service>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly pods: ReadonlyMap<string, Pod>;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Objects that are only handed to the control plane. */
  readonly others: readonly KubeObject[];
}

const OWN_KINDS = ['Namespace', 'ServiceAccount', 'Service', 'Deployment', 'Pod', 'ConfigMap', 'Secret'];

/**
 * Sorts objects by kind. Namespaces that are only named are there too, and every namespace has its service
 * account `default`, as on a cluster.
 */
export function collectDesired(objects: readonly KubeObject[]): DesiredState {
  const pick = <T extends KubeObject>(kind: T['kind']) =>
    new Map(
      objects.filter((object): object is T => object.kind === kind).map((object) => [keyOf(object), object]),
    );
  const namespaces = pick<Namespace>('Namespace');
  const serviceAccounts = pick<ServiceAccount>('ServiceAccount');
  const named = objects.flatMap(({ metadata }) => metadata.namespace ?? []);
  for (const name of new Set(['default', ...named])) {
    if (!namespaces.has(name))
      namespaces.set(name, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const namespace of namespaces.keys()) {
    const account: ServiceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    };
    if (!serviceAccounts.has(keyOf(account))) serviceAccounts.set(keyOf(account), account);
  }
  return {
    namespaces,
    serviceAccounts,
    services: pick<Service>('Service'),
    deployments: pick<Deployment>('Deployment'),
    pods: pick<Pod>('Pod'),
    configMaps: pick<ConfigMap>('ConfigMap'),
    secrets: pick<Secret>('Secret'),
    others: objects.filter((object) => !OWN_KINDS.includes(object.kind)),
  };
}
