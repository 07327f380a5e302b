import type { Pod, Service } from '#lib/resources';
import { type AdmissionRequest, isRecord } from './admission-review.ts';
import { refuseObject } from './refusal.ts';

/** The object of a request, where it is one of the two kinds that the webhook cares about; else undefined. */
export function readAdmittedObject(request: AdmissionRequest): Pod | Service | undefined {
  if (request.operation !== 'CREATE' || request.group !== '') return undefined;
  if (request.kind === 'Pod') return readPod(request);
  if (request.kind === 'Service') return readService(request);
  return undefined;
}

function readPod({ object }: AdmissionRequest): Pod {
  if (!isRecord(object) || !isRecord(object['spec'])) throw refuseObject('pod: it has no spec');
  const { spec } = object;
  const containers = spec['containers'];
  if (!Array.isArray(containers) || containers.length === 0) {
    throw refuseObject('pod: its spec.containers is no list of containers');
  }
  for (const field of ['containers', 'initContainers', 'volumes']) checkNamedItems(field, spec[field]);
  return {
    ...object,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: readMetadata('pod', object),
  } as unknown as Pod;
}

function checkNamedItems(field: string, list: unknown): void {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list) || !list.every((item) => isRecord(item) && typeof item['name'] === 'string')) {
    throw refuseObject(`pod: its spec.${field} is no list of named items`);
  }
}

function readService({ object }: AdmissionRequest): Service {
  if (!isRecord(object) || !isRecord(object['spec'])) throw refuseObject('Service: it has no spec');
  const ports = object['spec']['ports'];
  if (ports !== undefined && ports !== null && !(Array.isArray(ports) && ports.every(isRecord))) {
    throw refuseObject('Service: its spec.ports is no list of ports');
  }
  const metadata = readMetadata('Service', object);
  return { ...object, apiVersion: 'v1', kind: 'Service', metadata } as unknown as Service;
}

function readMetadata(
  kind: string,
  object: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const metadata = object['metadata'] ?? {};
  if (!isRecord(metadata)) throw refuseObject(`${kind}: its metadata is no object`);
  for (const map of ['annotations', 'labels']) {
    const entries = metadata[map] ?? {};
    if (!isRecord(entries) || !Object.values(entries).every((value) => typeof value === 'string')) {
      throw refuseObject(`${kind}: its metadata.${map} is no map of texts`);
    }
  }
  return metadata;
}
