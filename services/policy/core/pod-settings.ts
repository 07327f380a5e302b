import { ANNOTATION, containerPortNames, type Pod, type PortSet, readPortSet } from '#lib/resources';
import { DEFAULT_POLICIES, type DefaultPolicy } from '../contract.ts';
import type { PortSettings } from './default-server.ts';
import { listProbePaths } from './probes.ts';

/** What a pod's annotations and probes say about its ports. */
export interface PodSettings {
  /** Undefined: the default of the cluster. */
  readonly policy: DefaultPolicy | undefined;
  readonly requireIdentityPorts: PortSet;
  readonly opaquePorts: PortSet;
  readonly probePaths: ReadonlyMap<number, readonly string[]>;
  /** One sentence for each setting that was ignored. */
  readonly warnings: readonly string[];
}

/**
 * Only the pod's own annotations count: injection has copied those of its namespace, and the proxy beside it
 * was started with the same.
 */
export function readPodSettings(pod: Pod): PodSettings {
  const warnings: string[] = [];
  const readPorts = (key: string): PortSet => {
    const text = pod.metadata.annotations?.[key] ?? '';
    const { ports, errors } = readPortSet(text, containerPortNames(pod.spec));
    for (const error of errors) warnings.push(`annotation ${key}: ${error.message}`);
    return ports;
  };
  return {
    policy: readPolicy(pod, warnings),
    requireIdentityPorts: readPorts(ANNOTATION.requireIdentityInboundPorts),
    opaquePorts: readPorts(ANNOTATION.opaquePorts),
    probePaths: listProbePaths(pod.spec),
    warnings,
  };
}

function readPolicy(pod: Pod, warnings: string[]): DefaultPolicy | undefined {
  const key = ANNOTATION.defaultInboundPolicy;
  const text = pod.metadata.annotations?.[key];
  if (text === undefined) return undefined;
  const policy = DEFAULT_POLICIES.find((name) => name === text);
  if (policy === undefined) {
    warnings.push(`annotation ${key}: "${text}" is ignored; it can be ${DEFAULT_POLICIES.join(', ')}`);
  }
  return policy;
}

export function settingsOfPort(pod: PodSettings, port: number, defaultPolicy: DefaultPolicy): PortSettings {
  return {
    policy: pod.policy ?? defaultPolicy,
    requiresIdentity: pod.requireIdentityPorts.has(port),
    isOpaque: pod.opaquePorts.has(port),
    probePaths: pod.probePaths.get(port) ?? [],
  };
}
