import { MeshError } from '#lib/base';
import type { EnvVar, Pod } from '#lib/resources';

type Variables = Readonly<Record<string, string>>;

/** What a container's variables come to in a pod: fields of the pod filled in, `$(NAME)` of earlier ones expanded. */
export function resolveContainerEnv(pod: Pod, containerName: string): Record<string, string> {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container = containers.find(({ name }) => name === containerName);
  if (container === undefined) {
    const text = `pod ${pod.metadata.name} has no container "${containerName}"; it was not injected`;
    throw new MeshError('BENCH_POD_NOT_INJECTED', text);
  }
  const resolved: Record<string, string> = {};
  for (const variable of container.env ?? [])
    resolved[variable.name] = resolveVariable(variable, pod, resolved);
  return resolved;
}

function resolveVariable(variable: EnvVar, pod: Pod, earlier: Variables): string {
  const fieldPath = variable.valueFrom?.fieldRef?.fieldPath;
  if (fieldPath === undefined) return expandVariables(variable.value ?? '', earlier);
  const value = readField(pod, fieldPath);
  if (value !== undefined) return value;
  throw new MeshError('BENCH_FIELD_UNKNOWN', `variable ${variable.name} asks for "${fieldPath}" of a pod`);
}

/** A reference to what is not there stays as it is. Source: kubernetes.io, "Define dependent environment variables". */
function expandVariables(text: string, variables: Variables): string {
  return text.replace(/\$\(([^()]+)\)/g, (reference, name: string) => variables[name] ?? reference);
}

function readField(pod: Pod, fieldPath: string): string | undefined {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid ?? 'bench',
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': pod.status?.podIP,
    'status.podIPs': pod.status?.podIPs?.map(({ ip }) => ip).join(','),
  };
  return fields[fieldPath];
}
