import type { KubeObject } from '#lib/resources';

export const APP_IMAGE = 'linkerd-ts/e2e-app:dev';
/** Where images of ours have Node. */
export const NODE_PATH = '/usr/lib/linkerd/node';

/** A workload whose one container runs a program of test/support/pods. */
export interface Workload {
  readonly name: string;
  readonly program: string;
  readonly kind?: 'Deployment' | 'StatefulSet';
  readonly env?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** By name; the first is probed at `readyPath`. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly replicas?: number;
  readonly readyPath?: string;
  readonly headless?: boolean;
}

export function buildNamespace(name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** A ServiceAccount, the workload, and a Service where there are ports, all of one name. */
export function buildWorkload(workload: Workload): readonly unknown[] {
  const { name, kind = 'Deployment', replicas = 1 } = workload;
  const metadata = { name };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...buildService(workload),
    {
      apiVersion: 'apps/v1',
      kind,
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        ...(kind === 'StatefulSet' && { serviceName: name, podManagementPolicy: 'Parallel' }),
        template: buildTemplate(workload),
      },
    },
  ];
}

function buildService({ name, ports = {}, headless = false }: Workload): readonly unknown[] {
  const entries = Object.entries(ports);
  if (entries.length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: {
        ...(headless && { clusterIP: 'None' }),
        selector: { app: name },
        ports: entries.map(([portName, port]) => ({ name: portName, port, targetPort: port })),
      },
    },
  ];
}

export function buildTemplate(workload: Workload): unknown {
  const { name, annotations = {} } = workload;
  return {
    metadata: { labels: { app: name }, annotations },
    spec: {
      serviceAccountName: name,
      terminationGracePeriodSeconds: 10,
      containers: [buildContainer(workload)],
    },
  };
}

export function buildContainer(workload: Workload): unknown {
  const { name, program, env = {}, ports = {}, readyPath } = workload;
  const [port] = Object.values(ports);
  return {
    name,
    image: APP_IMAGE,
    imagePullPolicy: 'IfNotPresent',
    command: [NODE_PATH, `/pods/${program}`],
    env: [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ],
    ports: Object.entries(ports).map(([portName, containerPort]) => ({ name: portName, containerPort })),
    ...(readyPath !== undefined && {
      readinessProbe: { httpGet: { path: readyPath, port }, periodSeconds: 1, failureThreshold: 2 },
    }),
  };
}
