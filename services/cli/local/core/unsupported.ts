import type { KubeObject } from '#lib/resources';
import { keyOf } from './names.ts';

/** What local mode carries out, or has no need to: `true` is the whole value, an object its fields, `[]` a list. */
type Supported = true | { readonly [field: string]: Supported } | readonly [Supported];

const PROBE: Supported = {
  httpGet: true,
  tcpSocket: true,
  exec: true,
  initialDelaySeconds: true,
  periodSeconds: true,
  timeoutSeconds: true,
  successThreshold: true,
  failureThreshold: true,
};

const CONTAINER: Supported = {
  name: true,
  image: true,
  imagePullPolicy: true,
  command: true,
  args: true,
  workingDir: true,
  env: [
    {
      name: true,
      value: true,
      valueFrom: { fieldRef: true, configMapKeyRef: true, secretKeyRef: true },
    },
  ],
  envFrom: true,
  ports: [{ name: true, containerPort: true, protocol: true }],
  volumeMounts: [{ name: true, mountPath: true, readOnly: true, subPath: true }],
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  startupProbe: PROBE,
  lifecycle: { postStart: { exec: true }, preStop: { exec: true, sleep: true } },
  securityContext: {
    runAsUser: true,
    runAsGroup: true,
    runAsNonRoot: true,
    allowPrivilegeEscalation: true,
    privileged: true,
    capabilities: true,
  },
  terminationMessagePath: true,
  terminationMessagePolicy: true,
  restartPolicy: true,
};

const KEYED_VOLUME: Supported = { name: true, secretName: true, items: true, optional: true };

const POD_SPEC: Supported = {
  serviceAccountName: true,
  serviceAccount: true,
  automountServiceAccountToken: true,
  enableServiceLinks: true,
  nodeName: true,
  hostname: true,
  subdomain: true,
  restartPolicy: true,
  dnsPolicy: true,
  schedulerName: true,
  terminationGracePeriodSeconds: true,
  initContainers: [CONTAINER],
  containers: [CONTAINER],
  volumes: [
    {
      name: true,
      emptyDir: true,
      configMap: KEYED_VOLUME,
      secret: KEYED_VOLUME,
      hostPath: true,
      downwardAPI: { items: [{ path: true, fieldRef: { fieldPath: true } }] },
      projected: { sources: [{ serviceAccountToken: true, configMap: KEYED_VOLUME, secret: KEYED_VOLUME }] },
    },
  ],
  securityContext: { runAsUser: true, runAsGroup: true, runAsNonRoot: true },
};

const METADATA: Supported = true;

const BY_KIND: Readonly<Record<string, Supported>> = {
  Namespace: { metadata: METADATA, spec: true, status: true },
  ServiceAccount: true,
  ConfigMap: true,
  Secret: true,
  Service: {
    metadata: METADATA,
    spec: {
      type: true,
      clusterIP: true,
      clusterIPs: true,
      selector: true,
      ports: [
        { name: true, protocol: true, port: true, targetPort: true, appProtocol: true, nodePort: true },
      ],
      externalName: true,
      publishNotReadyAddresses: true,
      internalTrafficPolicy: true,
      ipFamilies: true,
      ipFamilyPolicy: true,
    },
    status: true,
  },
  Pod: { metadata: METADATA, spec: POD_SPEC, status: true },
  Deployment: {
    metadata: METADATA,
    spec: {
      replicas: true,
      selector: { matchLabels: true },
      strategy: { type: true, rollingUpdate: true },
      template: { metadata: METADATA, spec: POD_SPEC },
      revisionHistoryLimit: true,
    },
    status: true,
  },
};

/** One sentence for each field, and each kind, that local mode does not carry out, with the objects that have it. */
export function describeUnsupported(objects: readonly KubeObject[]): readonly string[] {
  const found = new Map<string, string[]>();
  for (const object of objects) {
    const supported = BY_KIND[object.kind];
    const name = `${object.kind} ${keyOf(object)}`;
    if (supported === undefined) {
      add(
        found,
        `kind ${object.kind} is passed to the control plane, and nothing else is done with it`,
        name,
      );
      continue;
    }
    for (const field of new Set(
      listUnsupported(object, { ...asFields(supported), apiVersion: true, kind: true }, ''),
    )) {
      add(found, `field ${field} is not carried out in local mode`, name);
    }
  }
  return [...found].map(([sentence, names]) => `${sentence} (${summarize(names)})`);
}

function asFields(supported: Supported): Readonly<Record<string, Supported>> {
  return typeof supported === 'object' && !Array.isArray(supported)
    ? (supported as Readonly<Record<string, Supported>>)
    : {
        metadata: true,
        data: true,
        stringData: true,
        binaryData: true,
        type: true,
        immutable: true,
        secrets: true,
        imagePullSecrets: true,
        automountServiceAccountToken: true,
      };
}

/** The paths of fields with no counterpart in `supported`; list items share one path (`containers[].resources`). */
function listUnsupported(value: unknown, supported: Supported, path: string): string[] {
  if (supported === true || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(supported)) {
    const [item = true] = supported as readonly Supported[];
    return (Array.isArray(value) ? value : []).flatMap((entry) => listUnsupported(entry, item, `${path}[]`));
  }
  return Object.entries(value).flatMap(([field, inner]) => {
    const next = (supported as Readonly<Record<string, Supported>>)[field];
    const at = path === '' ? field : `${path}.${field}`;
    return next === undefined ? [at] : listUnsupported(inner, next, at);
  });
}

function summarize(names: readonly string[]): string {
  const [first = '', ...others] = names;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function add(found: Map<string, string[]>, sentence: string, name: string): void {
  const names = found.get(sentence);
  if (names === undefined) found.set(sentence, [name]);
  else names.push(name);
}
