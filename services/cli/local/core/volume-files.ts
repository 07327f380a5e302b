import { MeshError } from '#lib/base';
import type {
  ConfigMap,
  DownwardFile,
  KeyToPath,
  Pod,
  ProjectedSource,
  Secret,
  Volume,
} from '#lib/resources';
import { readField, readSecretKey } from './container-env.ts';
import { keyOf } from './names.ts';

/** What a volume needs from the host: a folder to make, a folder that is there, or files to keep up to date. */
export type VolumePlan =
  | { readonly type: 'empty' }
  | { readonly type: 'host'; readonly path: string }
  | { readonly type: 'files'; readonly files: ReadonlyMap<string, Buffer> };

export interface VolumeSources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** A token of the pod's service account for an audience; another one when the last one grows old. */
  readonly issueToken: (pod: Pod, audience: string, lifetimeSeconds: number) => string;
}

const DEFAULT_TOKEN_LIFETIME_SECONDS = 3600;

/** What `volume` of `pod` holds now. Throws a MeshError when it refers to something that is not there. */
export function planVolume(pod: Pod, volume: Volume, sources: VolumeSources): VolumePlan {
  if (volume.hostPath !== undefined) return { type: 'host', path: volume.hostPath.path };
  if (volume.configMap !== undefined)
    return { type: 'files', files: readConfigMap(pod, volume.configMap, sources) };
  if (volume.secret !== undefined) {
    const { secretName, ...rest } = volume.secret;
    return { type: 'files', files: readSecret(pod, { ...rest, name: secretName }, sources) };
  }
  if (volume.downwardAPI !== undefined)
    return { type: 'files', files: readPodFields(pod, volume.downwardAPI.items ?? []) };
  if (volume.projected !== undefined) {
    const parts = (volume.projected.sources ?? []).flatMap((source) => [
      ...projectSource(pod, source, sources),
    ]);
    return { type: 'files', files: new Map(parts) };
  }
  return { type: 'empty' };
}

function readPodFields(pod: Pod, items: readonly DownwardFile[]): Map<string, Buffer> {
  const texts = items.map(
    ({ path, fieldRef }) => [path, readPodField(pod, fieldRef?.fieldPath ?? '')] as const,
  );
  return new Map(texts.map(([path, text]) => [path, Buffer.from(text)]));
}

/** Labels and annotations as kubelet writes them: a line each, by name, the value in quotes. */
function readPodField(pod: Pod, path: string): string {
  const [, kind] = /^metadata\.(labels|annotations)$/.exec(path) ?? [];
  // What a volume holds needs no address of the node.
  if (kind === undefined) return readField(pod, path, '');
  const entries = Object.entries(pod.metadata[kind as 'labels' | 'annotations'] ?? {});
  return entries
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join('\n');
}

interface KeyedReference {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function readConfigMap(pod: Pod, ref: KeyedReference, sources: VolumeSources): Map<string, Buffer> {
  const map = sources.configMaps.get(`${pod.metadata.namespace}/${ref.name}`);
  if (map === undefined) return missing(pod, 'ConfigMap', ref);
  const texts = Object.entries(map.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  const binary = Object.entries(map.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  );
  return pickItems(new Map([...texts, ...binary]), ref.items);
}

function readSecret(pod: Pod, ref: KeyedReference, sources: VolumeSources): Map<string, Buffer> {
  const secret = sources.secrets.get(`${pod.metadata.namespace}/${ref.name}`);
  if (secret === undefined) return missing(pod, 'Secret', ref);
  const keys = new Set([...Object.keys(secret.data ?? {}), ...Object.keys(secret.stringData ?? {})]);
  const files = new Map([...keys].map((key) => [key, readSecretKey(secret, key) ?? Buffer.alloc(0)]));
  return pickItems(files, ref.items);
}

function projectSource(pod: Pod, source: ProjectedSource, sources: VolumeSources): Map<string, Buffer> {
  const token = source.serviceAccountToken;
  if (token !== undefined) {
    const lifetimeSeconds = token.expirationSeconds ?? DEFAULT_TOKEN_LIFETIME_SECONDS;
    return new Map([
      [token.path, Buffer.from(sources.issueToken(pod, token.audience ?? '', lifetimeSeconds))],
    ]);
  }
  if (source.configMap !== undefined) return readConfigMap(pod, source.configMap, sources);
  if (source.secret !== undefined) return readSecret(pod, source.secret, sources);
  return new Map();
}

/** `items` choose keys and give them other paths; without it every key is a file. */
function pickItems(files: Map<string, Buffer>, items: readonly KeyToPath[] | undefined): Map<string, Buffer> {
  if (items === undefined) return files;
  return new Map(
    items.flatMap(({ key, path }) => {
      const content = files.get(key);
      return content === undefined ? [] : [[path, content] as const];
    }),
  );
}

function missing(pod: Pod, kind: string, ref: KeyedReference): Map<string, Buffer> {
  if (ref.optional === true) return new Map();
  throw new MeshError(
    'VOLUME_REFERENCE_MISSING',
    `a volume of pod ${keyOf(pod)} refers to ${kind} ${ref.name}, which is not there: add it or set optional: true`,
  );
}
