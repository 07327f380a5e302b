import { KubernetesError } from '../kubernetes/error.ts';
import type { RawObject } from './trim.ts';

/** One line of a watch. Source: kubernetes.io, API concepts, "Efficient detection of changes". */
export type WatchEvent =
  | { readonly type: 'put' | 'remove'; readonly object: RawObject; readonly version: string }
  /** Nothing happened up to this version. */
  | { readonly type: 'bookmark'; readonly version: string };

const TYPES: Readonly<Partial<Record<string, WatchEvent['type']>>> = {
  ADDED: 'put',
  MODIFIED: 'put',
  DELETED: 'remove',
  BOOKMARK: 'bookmark',
};

/** Throws a KubernetesError for an ERROR event, with its status, and for anything that is no event. */
export function parseWatchEvent(line: string): WatchEvent {
  const { type, object } = parseLine(line);
  if (type === 'ERROR') throw describeStatus(object);
  const known = TYPES[String(type)];
  const { name, resourceVersion: version } = readMetadata(object);
  if (known === undefined || version === undefined || (known !== 'bookmark' && name === undefined)) {
    throw refuseLine(line);
  }
  return known === 'bookmark'
    ? { type: known, version }
    : { type: known, version, object: object as unknown as RawObject };
}

type Json = Readonly<Record<string, unknown>>;

function parseLine(line: string): Json {
  try {
    const event = JSON.parse(line) as unknown;
    if (isRecord(event)) return event;
  } catch {}
  throw refuseLine(line);
}

function readMetadata(object: unknown): { readonly name?: string; readonly resourceVersion?: string } {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  if (!isRecord(metadata)) return {};
  const { name, resourceVersion } = metadata;
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
  };
}

function describeStatus(object: unknown): KubernetesError {
  const { code, reason, message } = isRecord(object) ? object : {};
  return new KubernetesError(
    'LINKERD_KUBERNETES_REFUSED',
    `the watch ended with an error: ${String(message)}`,
    {
      status: typeof code === 'number' ? code : 500,
      reason: typeof reason === 'string' ? reason : '',
    },
  );
}

function refuseLine(line: string): KubernetesError {
  const excerpt = JSON.stringify(line.slice(0, 100));
  return new KubernetesError('LINKERD_KUBERNETES_UNREADABLE', `the watch sent what is no event: ${excerpt}`, {
    status: 200,
    reason: '',
  });
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
