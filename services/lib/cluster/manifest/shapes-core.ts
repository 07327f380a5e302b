import { dnsLabel, portName } from './names.ts';
import { boolean, expecting, integer, listOf, mapOf, oneOf, record, type Shape, text } from './shape.ts';

/** The types of the fields that the mesh reads in core, apps and discovery objects. */
export const port = integer(1, 65_535);
const strings = mapOf(text);
const count = integer(0, Number.MAX_SAFE_INTEGER);
const protocol = oneOf('TCP', 'UDP', 'SCTP');

const portOrName = expecting(
  'a number between 1 and 65535 or the name of a port',
  (value) =>
    (typeof value === 'string' && value !== '') ||
    (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535),
);

export const metadata = record(
  {
    name: text,
    namespace: dnsLabel,
    uid: text,
    labels: strings,
    annotations: strings,
    ownerReferences: listOf(
      record({ apiVersion: text, kind: text, name: text, uid: text }, ['kind', 'name']),
    ),
  },
  ['name'],
);

export const labelSelector = record({
  matchLabels: strings,
  matchExpressions: listOf(
    record({ key: text, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: listOf(text) }, [
      'key',
      'operator',
    ]),
  ),
});

const envVar = record(
  {
    name: text,
    value: text,
    valueFrom: record({
      fieldRef: record({ fieldPath: text }, ['fieldPath']),
      configMapKeyRef: record({ name: text, key: text }, ['name', 'key']),
      secretKeyRef: record({ name: text, key: text }, ['name', 'key']),
      resourceFieldRef: record({ resource: text }, ['resource']),
    }),
  },
  ['name'],
);

const probe = record({
  httpGet: record({ path: text, port: portOrName, scheme: oneOf('HTTP', 'HTTPS'), host: text }, ['port']),
  tcpSocket: record({ port: portOrName, host: text }, ['port']),
  exec: record({ command: listOf(text) }),
  grpc: record({ port, service: text }, ['port']),
  initialDelaySeconds: count,
  periodSeconds: count,
  timeoutSeconds: count,
  successThreshold: count,
  failureThreshold: count,
});

const container = record(
  {
    name: dnsLabel,
    image: text,
    command: listOf(text),
    args: listOf(text),
    workingDir: text,
    env: listOf(envVar),
    envFrom: listOf(record({})),
    ports: listOf(
      record({ name: portName, containerPort: port, hostPort: port, protocol }, ['containerPort']),
    ),
    volumeMounts: listOf(
      record({ name: text, mountPath: text, readOnly: boolean, subPath: text }, ['name', 'mountPath']),
    ),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    securityContext: record({
      runAsUser: count,
      runAsGroup: count,
      runAsNonRoot: boolean,
      privileged: boolean,
    }),
    restartPolicy: text,
  },
  ['name'],
);

const volume = record(
  {
    name: dnsLabel,
    emptyDir: record({ medium: text }),
    configMap: record({ name: text }, ['name']),
    secret: record({ secretName: text }, ['secretName']),
    hostPath: record({ path: text }, ['path']),
    projected: record({ sources: listOf(record({})), defaultMode: count }),
  },
  ['name'],
);

const podSpec = record(
  {
    serviceAccountName: text,
    automountServiceAccountToken: boolean,
    nodeName: text,
    hostname: dnsLabel,
    subdomain: dnsLabel,
    hostNetwork: boolean,
    restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
    terminationGracePeriodSeconds: count,
    initContainers: listOf(container),
    containers: nonEmpty(listOf(container)),
    volumes: listOf(volume),
  },
  ['containers'],
);

const conditions = listOf(
  record({ type: text, status: oneOf('True', 'False', 'Unknown') }, ['type', 'status']),
);

export const pod = record(
  {
    spec: podSpec,
    status: record({
      phase: text,
      podIP: text,
      podIPs: listOf(record({ ip: text })),
      hostIP: text,
      conditions,
    }),
  },
  ['spec'],
);

export const deployment = record(
  {
    spec: record(
      {
        replicas: count,
        selector: labelSelector,
        template: record({ metadata: record({ labels: strings, annotations: strings }), spec: podSpec }, [
          'spec',
        ]),
      },
      ['template'],
    ),
  },
  ['spec'],
);

export const service = record(
  {
    spec: record({
      type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
      clusterIP: text,
      clusterIPs: listOf(text),
      selector: strings,
      ports: listOf(
        record(
          { name: dnsLabel, protocol, port, targetPort: portOrName, appProtocol: text, nodePort: port },
          ['port'],
        ),
      ),
      externalName: text,
      internalTrafficPolicy: oneOf('Cluster', 'Local'),
      publishNotReadyAddresses: boolean,
    }),
  },
  ['spec'],
);

export const configMap = record({ data: strings, binaryData: strings });

const base64 = expecting(
  'a base64 string',
  (value) => typeof value === 'string' && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value),
);
export const secret = record({ type: text, data: mapOf(base64), stringData: strings });

export const endpointSlice = record(
  {
    addressType: oneOf('IPv4', 'IPv6', 'FQDN'),
    endpoints: listOf(
      record(
        {
          addresses: listOf(text),
          conditions: record({ ready: boolean, serving: boolean, terminating: boolean }),
          hostname: text,
          nodeName: text,
          zone: text,
          hints: record({ forZones: listOf(record({ name: text }, ['name'])) }),
          targetRef: record({ kind: text, name: text, namespace: text }),
        },
        ['addresses'],
      ),
    ),
    ports: listOf(record({ name: text, protocol: text, port, appProtocol: text })),
  },
  ['addressType', 'endpoints'],
);

function nonEmpty(list: Shape): Shape {
  return (value, at, report) => {
    list(value, at, report);
    if (Array.isArray(value) && value.length === 0) report(at, 'must not be empty');
  };
}
