import { randomUUID } from 'node:crypto';
import {
  ANNOTATION,
  CONFIG_ANNOTATION_PREFIX,
  type Deployment,
  LABEL,
  type Namespace,
  type Pod,
} from '#lib/resources';
import { hashName, randomName } from './names.ts';

/**
 * The hash of a Deployment's pods: another hash, other pods. The mesh's annotations of the namespace count too,
 * so that switching a namespace's injection replaces its pods.
 */
export function hashTemplate(deployment: Deployment, namespace: Namespace | undefined): string {
  return hashName([deployment.spec.template, meshAnnotations(namespace)], 10);
}

/** The same for a bare pod, which is replaced when its manifest changes. */
export function hashPod(pod: Pod, namespace: Namespace | undefined): string {
  return hashName([pod.metadata.labels, pod.metadata.annotations, pod.spec, meshAnnotations(namespace)], 10);
}

export interface ReplicaSetRef {
  readonly name: string;
  readonly uid: string;
}

/** A new pod of a Deployment, as its ReplicaSet would make it. */
export function instantiatePod(deployment: Deployment, hash: string, replicaSet: ReplicaSetRef): Pod {
  const { template } = deployment.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${replicaSet.name}-${randomName(5)}`,
      namespace: deployment.metadata.namespace ?? 'default',
      uid: randomUUID(),
      labels: { ...template.metadata?.labels, [LABEL.podTemplateHash]: hash },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: replicaSet.name,
          uid: replicaSet.uid,
          controller: true,
        },
      ],
    },
    spec: template.spec,
  };
}

/** Labels of the template that the Deployment's selector asks for and the template lacks, by `key=value`. */
export function findSelectorMismatch(deployment: Deployment): readonly string[] {
  const wanted = Object.entries(deployment.spec.selector?.matchLabels ?? {});
  const labels = deployment.spec.template.metadata?.labels;
  return wanted.filter(([key, value]) => labels?.[key] !== value).map(([key, value]) => `${key}=${value}`);
}

export function replicaSetName(deployment: Deployment, hash: string): string {
  return `${deployment.metadata.name}-${hash}`;
}

function meshAnnotations(namespace: Namespace | undefined): readonly (readonly [string, string])[] {
  return Object.entries(namespace?.metadata.annotations ?? {}).filter(
    ([key]) => key === ANNOTATION.inject || key.startsWith(CONFIG_ANNOTATION_PREFIX),
  );
}
