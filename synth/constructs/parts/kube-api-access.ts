import type { Volume, VolumeMount } from '#lib/resources';
import { VOLUME } from './names.ts';

/** Where programs look for the token of their service account (kubernetes.io, "Service Accounts"). */
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_LIFETIME_SECONDS = 3607;
const DEFAULT_MODE = 420;

export const KUBE_API_VOLUME_NAME = VOLUME.kubeApi;

/** Access to the Kubernetes API for single containers of a pod: its proxy has no use for it. */
export const KUBE_API_VOLUME: Volume = {
  name: VOLUME.kubeApi,
  projected: {
    defaultMode: DEFAULT_MODE,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_LIFETIME_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
};

export const KUBE_API_MOUNT: VolumeMount = {
  name: VOLUME.kubeApi,
  mountPath: MOUNT_PATH,
  readOnly: true,
};
