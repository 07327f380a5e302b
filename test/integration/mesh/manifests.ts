import type { KubeObject, Service } from '#lib/resources';

/** Everything of the test meshes is in this namespace. */
const NAMESPACE = 'shop';

const PODS_DIR = new URL('../../support/pods/', import.meta.url).pathname;

/** A workload whose one container runs a program of test/support/pods, or any command. */
export interface Workload {
  readonly name: string;
  /** A file of test/support/pods; `command` instead runs anything. */
  readonly program?: string;
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Ports of the Service, and of the pod. None: there is no Service. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly replicas?: number;
  readonly inject?: boolean;
  /** The path of an HTTP probe on the first port; without a probe the pod is ready when its process runs. */
  readonly readyPath?: string;
  /** A port that has to take connections, for programs without HTTP. */
  readonly readyPort?: number;
}

export function buildNamespace(): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
}

/** A ServiceAccount, a Deployment, and a Service where there are ports, all of one name. */
export function buildWorkload(workload: Workload): KubeObject[] {
  const { name } = workload;
  const metadata = { name, namespace: NAMESPACE };
  const account: KubeObject = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: workload.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      template: buildTemplate(workload),
    },
  };
  const service = buildService(name, workload.ports ?? {});
  return [account, deployment, ...(service === undefined ? [] : [service])];
}

/** The workload of echo.ts, which answers with what it was asked, over HTTP/1 and HTTP/2. */
export function buildEcho(of: {
  readonly name?: string;
  readonly http1: number;
  readonly http2: number;
  readonly annotations?: Readonly<Record<string, string>>;
}): KubeObject[] {
  const { name = 'web', http1, http2, annotations = {} } = of;
  return buildWorkload({
    name,
    program: 'echo.ts',
    readyPath: '/seen',
    env: { PORT: `${http1}`, H2_PORT: `${http2}` },
    annotations,
    ports: { http: http1, http2 },
  });
}

function buildTemplate(workload: Workload): unknown {
  const { name, annotations = {}, inject = true } = workload;
  return {
    metadata: {
      labels: { app: name },
      annotations: { 'linkerd.io/inject': inject ? 'enabled' : 'disabled', ...annotations },
    },
    spec: {
      serviceAccountName: name,
      terminationGracePeriodSeconds: 10,
      containers: [buildContainer(workload)],
    },
  };
}

function buildContainer(workload: Workload): unknown {
  const { name, program, command, env = {}, ports = {} } = workload;
  const probe = buildProbe(workload);
  return {
    name,
    command: command ?? ['node', `${PODS_DIR}${program}`],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ports: Object.entries(ports).map(([portName, containerPort]) => ({ name: portName, containerPort })),
    ...(probe === undefined ? {} : { readinessProbe: { ...probe, periodSeconds: 1, failureThreshold: 2 } }),
  };
}

function buildProbe({ ports = {}, readyPath, readyPort }: Workload): object | undefined {
  const [port] = Object.values(ports);
  if (readyPath !== undefined) return { httpGet: { path: readyPath, port } };
  return readyPort === undefined ? undefined : { tcpSocket: { port: readyPort } };
}

function buildService(name: string, ports: Readonly<Record<string, number>>): Service | undefined {
  const entries = Object.entries(ports);
  if (entries.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      selector: { app: name },
      ports: entries.map(([portName, port]) => ({ name: portName, port, targetPort: port })),
    },
  };
}

export interface FakePeer {
  readonly name: string;
  readonly command: readonly string[];
  /** The Service's port. */
  readonly port: number;
}

/**
 * A pod that looks injected to the control plane, so that proxies expect mesh TLS and its identity there; what
 * answers on the inbound port is `command`, in the place of a proxy.
 */
export function buildFakePeer({ name, command, port }: FakePeer): KubeObject[] {
  const metadata = { name, namespace: NAMESPACE };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      labels: { app: name, 'linkerd.io/control-plane-ns': 'linkerd' },
      annotations: { 'linkerd.io/inject': 'disabled' },
    },
    spec: {
      serviceAccountName: name,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'linkerd-proxy',
          command,
          env: [{ name: 'LINKERD2_PROXY_INBOUND_LISTEN_ADDR', value: '0.0.0.0:4143' }],
          ports: [{ name: 'linkerd-proxy', containerPort: 4143 }],
        },
      ],
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: name }, ports: [{ name: 'http', port, targetPort: port }] },
  };
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, pod, service];
}
