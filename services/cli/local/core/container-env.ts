import { MeshError } from '#lib/base';
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '#lib/resources';
import { keyOf } from './names.ts';

/** What environment variables may refer to. */
export interface EnvSources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly nodeIp: string;
}

/**
 * The variables of a container, in the order of its manifest, references resolved. Throws a MeshError that
 * names the variable for a reference that leads nowhere.
 */
export function buildContainerEnv(
  pod: Pod,
  container: Container,
  sources: EnvSources,
): ReadonlyMap<string, string> {
  const env = new Map(
    (container.envFrom ?? []).flatMap((source) => readEnvSource(pod, source as EnvFromSource, sources)),
  );
  for (const variable of container.env ?? []) {
    const value = resolveVariable(pod, variable, sources);
    if (value !== undefined) env.set(variable.name, expandReferences(value, env));
  }
  return env;
}

/** Replaces `$(NAME)` by a variable set before; `$$` is a dollar, and unknown names stay as they are. */
export function expandReferences(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return env.get(name) ?? whole;
  });
}

function resolveVariable(pod: Pod, variable: EnvVar, sources: EnvSources): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? '';
  if (from.fieldRef !== undefined) return readField(pod, from.fieldRef.fieldPath, sources.nodeIp);
  if (from.configMapKeyRef !== undefined) {
    const map = sources.configMaps.get(`${pod.metadata.namespace}/${from.configMapKeyRef.name}`);
    const value = map?.data?.[from.configMapKeyRef.key];
    return checkFound(value, { pod, variable, what: 'ConfigMap', ref: from.configMapKeyRef });
  }
  if (from.secretKeyRef !== undefined) {
    const secret = sources.secrets.get(`${pod.metadata.namespace}/${from.secretKeyRef.name}`);
    const value =
      secret === undefined ? undefined : readSecretKey(secret, from.secretKeyRef.key)?.toString('utf8');
    return checkFound(value, { pod, variable, what: 'Secret', ref: from.secretKeyRef });
  }
  return '';
}

/** A key of a Secret: `stringData` wins over `data`, which is base64. */
export function readSecretKey(secret: Secret, key: string): Buffer | undefined {
  const text = secret.stringData?.[key];
  if (text !== undefined) return Buffer.from(text);
  const encoded = secret.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
}

interface EnvFromSource {
  readonly prefix?: string;
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean };
  readonly secretRef?: { readonly name: string; readonly optional?: boolean };
}

/** Every key of a ConfigMap or Secret as a variable. */
function readEnvSource(pod: Pod, source: EnvFromSource, sources: EnvSources): (readonly [string, string])[] {
  const { prefix = '', configMapRef, secretRef } = source;
  const ref = configMapRef ?? secretRef;
  if (ref === undefined) return [];
  const key = `${pod.metadata.namespace}/${ref.name}`;
  const map = configMapRef === undefined ? undefined : sources.configMaps.get(key);
  const secret = configMapRef === undefined ? sources.secrets.get(key) : undefined;
  if (map === undefined && secret === undefined && ref.optional !== true) {
    throw new MeshError(
      'ENV_REFERENCE_MISSING',
      `envFrom of pod ${keyOf(pod)} refers to ${configMapRef === undefined ? 'Secret' : 'ConfigMap'} ${ref.name}, which is not there: add it or set optional: true`,
    );
  }
  const texts = Object.entries(map?.data ?? {});
  const names = [...Object.keys(secret?.data ?? {}), ...Object.keys(secret?.stringData ?? {})];
  const secrets = names.map(
    (name) => [name, (secret && readSecretKey(secret, name)?.toString()) ?? ''] as const,
  );
  return [...texts, ...secrets].map(([name, value]) => [`${prefix}${name}`, value] as const);
}

interface Reference {
  readonly pod: Pod;
  readonly variable: EnvVar;
  readonly what: string;
  readonly ref: { readonly name: string; readonly key: string; readonly optional?: boolean };
}

function checkFound(value: string | undefined, { pod, variable, what, ref }: Reference): string | undefined {
  if (value !== undefined || ref.optional === true) return value;
  throw new MeshError(
    'ENV_REFERENCE_MISSING',
    `env ${variable.name} of pod ${keyOf(pod)} refers to key ${JSON.stringify(ref.key)} of ${what} ${ref.name}, which is not there: add it or set optional: true`,
  );
}

/** The downward API. Source: kubernetes.io, Downward API, "Available fields". */
export function readField(pod: Pod, path: string, nodeIp: string): string {
  const { metadata, spec, status } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': status?.podIP,
    'status.podIPs': status?.podIPs?.map((entry) => entry.ip).join(','),
    'status.hostIP': nodeIp,
  };
  const value = fields[path];
  if (value === undefined) {
    throw new MeshError(
      'FIELD_REF_UNKNOWN',
      `pod ${keyOf(pod)} refers to the field ${path}, which it does not have`,
    );
  }
  return value;
}
