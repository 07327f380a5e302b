import type { PodSpec, VolumeMount } from '#lib/resources';

/** Where Kubernetes mounts the token of a pod's service account. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account mount of the pod's first container, which the injected containers share. */
export function findServiceAccountMount(spec: PodSpec): VolumeMount | undefined {
  return spec.containers[0]?.volumeMounts?.find((mount) => mount.mountPath === SERVICE_ACCOUNT_DIR);
}
