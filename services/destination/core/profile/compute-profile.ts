import type { ContainerPort, ExternalWorkload, KubeObject, Pod } from '#lib/resources';
import type { ProfileTarget } from '../authority.ts';
import type { ClusterView } from '../cluster-view.ts';
import { findTargetPort } from '../endpoints/address-set.ts';
import { normalizeIp } from '../ip.ts';
import { LookupError } from '../lookup-error.ts';
import type { DestinationSettings } from '../settings.ts';
import { computeEndpointProfile, type Workload } from './endpoint-profile.ts';
import type { Profile } from './profile.ts';
import { computeServiceProfile } from './service-profile.ts';

export interface ProfileInput {
  readonly view: ClusterView;
  readonly settings: DestinationSettings;
  readonly target: ProfileTarget;
  /** The client's; empty where unknown. */
  readonly clientNamespace: string;
  readonly nodeName: string;
}

export interface ProfileAnswer {
  readonly profile: Profile;
  /** What could not be used, one sentence each. */
  readonly warnings: readonly string[];
}

/** The answer to a GetProfile as things are. Throws a LookupError where there is none. */
export function computeProfile(input: ProfileInput): ProfileAnswer {
  const warnings: string[] = [];
  const profile = computeTarget({ ...input, warnings });
  return { profile, warnings };
}

type Input = ProfileInput & { readonly warnings: string[] };

function computeTarget(input: Input): Profile {
  const { view, target } = input;
  if (target.kind === 'address') return computeAddressProfile(input, target);
  const { namespace, name } = target.service;
  const service = view.service(namespace, name);
  if (service === undefined) throw new LookupError('NotFound', `Service ${name}.${namespace} not found`);
  if (target.hostname !== undefined) return computeInstanceProfile(input, target.hostname);
  return computeServiceProfile({ ...input, service, port: target.port });
}

function computeAddressProfile(input: Input, { ip, port }: { ip: string; port: number }): Profile {
  const services = input.view.servicesByClusterIp(ip);
  const service = takeOnly(services, `service ${ip}`);
  if (service !== undefined) return computeServiceProfile({ ...input, service, port });
  return computeEndpointProfile({ ...input, ip, port }, findWorkload(input.view, ip, port));
}

/** The endpoint behind a pod's DNS name, ready or not. */
function computeInstanceProfile(input: Input, hostname: string): Profile {
  const { view, target } = input;
  if (target.kind === 'address') throw new TypeError('an address has no hostname');
  const { namespace, name } = target.service;
  const service = view.service(namespace, name);
  for (const slice of view.slices(namespace, name)) {
    const port = service && findTargetPort(slice, service, target.port);
    if (port === undefined) continue;
    for (const { hostname: candidate, targetRef } of slice.endpoints) {
      if (candidate !== hostname || targetRef?.kind !== 'Pod') continue;
      const pod = view.pod(targetRef.namespace ?? namespace, targetRef.name ?? '');
      const ip = pod?.status?.podIP;
      if (pod === undefined || ip === undefined || hasEnded(pod)) continue;
      const place = { ip: normalizeIp(ip), port };
      return computeEndpointProfile({ ...input, ...place }, { pod, ...place });
    }
  }
  throw new LookupError(
    'NotFound',
    `no pod with hostname ${hostname} found for Service ${name}.${namespace}`,
  );
}

function findWorkload(view: ClusterView, ip: string, port: number): Workload {
  const pods = view.podsByIp(ip).filter((pod) => !hasEnded(pod));
  const pod = takeOnly(pods, `pod IP ${ip}`);
  if (pod !== undefined) return { pod, ip, port };
  const hosted = view
    .podsByHostIp(ip)
    .filter((candidate) => !hasEnded(candidate) && findHostPort(candidate, port) !== undefined);
  const host = takeOnly(hosted, `pod host address ${ip}:${port}`);
  if (host !== undefined) {
    // The pod's own address: the host maps this one port, not that of the pod's proxy.
    const podIp = normalizeIp(host.status?.podIP ?? ip);
    return { pod: host, ip: podIp, port: findHostPort(host, port)?.containerPort ?? port };
  }
  const workloads = view.externalWorkloadsByIp(ip).filter((workload) => hasPort(workload, port));
  const externalWorkload = takeOnly(workloads, `external workload address ${ip}:${port}`);
  return externalWorkload && { externalWorkload, ip, port };
}

/** The object, if it is one; several cannot be told apart. */
function takeOnly<T extends KubeObject>(objects: readonly T[], what: string): T | undefined {
  if (objects.length > 1) {
    const names = objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
    throw new LookupError('FailedPrecondition', `${what} is claimed by several: ${names.join(', ')}`);
  }
  return objects[0];
}

/** On the host's own network the container's port is the host's. */
function findHostPort({ spec }: Pod, port: number): ContainerPort | undefined {
  return [...(spec.initContainers ?? []), ...spec.containers]
    .flatMap(({ ports = [] }) => ports)
    .find(({ hostPort, containerPort }) => (spec.hostNetwork ? containerPort : hostPort) === port);
}

function hasPort({ spec }: ExternalWorkload, port: number): boolean {
  return (spec.ports ?? []).some((candidate) => candidate.port === port);
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
