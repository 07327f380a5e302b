import type { Container, Pod } from '#lib/resources';

/** Where a container is. `running` holds the process; `backoff` waits to start it again. */
export type ContainerState =
  | { readonly type: 'waiting' }
  | { readonly type: 'running'; readonly started: boolean; readonly ready: boolean; readonly pid: number }
  | { readonly type: 'backoff'; readonly exitCode: number; readonly reason: string }
  | { readonly type: 'exited'; readonly exitCode: number };

export interface ContainerReport {
  readonly name: string;
  readonly state: ContainerState;
  readonly restarts: number;
}

export interface PodReport {
  readonly podIp: string | undefined;
  readonly nodeIp: string;
  /** ISO 8601. */
  readonly startTime: string;
  readonly terminating: boolean;
  /** What keeps the pod from starting, in a sentence. */
  readonly failure: string | undefined;
  readonly containers: ReadonlyMap<string, ContainerReport>;
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** A pod is ready when all its containers are, sidecars among them. Source: kubernetes.io, Pod Lifecycle. */
export function isPodReady(pod: Pod, report: PodReport): boolean {
  if (report.terminating || report.failure !== undefined) return false;
  const wanted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  return wanted.every((container) => {
    const state = report.containers.get(container.name)?.state;
    return state?.type === 'running' && state.ready;
  });
}

/** The pod's status as the API would show it. */
export function buildPodStatus(pod: Pod, report: PodReport): NonNullable<Pod['status']> {
  const inits = pod.spec.initContainers ?? [];
  const initialized = inits.every((container) =>
    isInitDone(container, report.containers.get(container.name)),
  );
  const ready = isPodReady(pod, report);
  const condition = (type: string, holds: boolean) => ({ type, status: holds ? 'True' : 'False' });
  const statuses = (containers: readonly Container[]) =>
    containers.map((container) => describeContainer(container, report.containers.get(container.name)));
  return {
    phase: choosePhase(pod, report),
    ...(report.podIp === undefined ? {} : { podIP: report.podIp, podIPs: [{ ip: report.podIp }] }),
    hostIP: report.nodeIp,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', initialized),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: statuses(pod.spec.containers),
    ...(inits.length === 0 ? {} : { initContainerStatuses: statuses(inits) }),
    startTime: report.startTime,
    ...(report.failure === undefined ? {} : { message: report.failure }),
  } as NonNullable<Pod['status']>;
}

/** The word of the STATUS column. */
export function describePodStatus(pod: Pod, report: PodReport): string {
  if (report.terminating) return 'Terminating';
  if (report.failure !== undefined) return 'CreateContainerConfigError';
  const all = [...report.containers.values()];
  const failing = all.find((container) => container.state.type === 'backoff');
  if (failing?.state.type === 'backoff') return failing.state.reason;
  const phase = choosePhase(pod, report);
  if (phase === 'Succeeded') return 'Completed';
  if (phase === 'Failed') return 'Error';
  const inits = pod.spec.initContainers ?? [];
  const done = inits.filter((container) =>
    isInitDone(container, report.containers.get(container.name)),
  ).length;
  return done < inits.length ? `Init:${done}/${inits.length}` : phase;
}

function isInitDone(container: Container, report: ContainerReport | undefined): boolean {
  const state = report?.state;
  if (isSidecar(container)) return state?.type === 'running' && state.started;
  return state?.type === 'exited' && state.exitCode === 0;
}

function choosePhase(pod: Pod, report: PodReport): string {
  const states = pod.spec.containers.map((container) => report.containers.get(container.name)?.state);
  const exits = states.flatMap((state) => (state?.type === 'exited' ? [state.exitCode] : []));
  if (exits.length === states.length) return exits.every((code) => code === 0) ? 'Succeeded' : 'Failed';
  return states.some((state) => state?.type === 'running' || state?.type === 'backoff')
    ? 'Running'
    : 'Pending';
}

function describeContainer(
  container: Container,
  report: ContainerReport | undefined,
): Record<string, unknown> {
  const state = report?.state ?? { type: 'waiting' };
  const running = state.type === 'running';
  return {
    name: container.name,
    image: container.image ?? '',
    ready: running && state.ready,
    started: running && state.started,
    restartCount: report?.restarts ?? 0,
    state: describeState(state),
    // Not Kubernetes': where to look at the process on this machine.
    ...(running ? { pid: state.pid } : {}),
  };
}

function describeState(state: ContainerState): Record<string, unknown> {
  switch (state.type) {
    case 'running':
      return { running: {} };
    case 'exited':
      return {
        terminated: { exitCode: state.exitCode, reason: state.exitCode === 0 ? 'Completed' : 'Error' },
      };
    case 'backoff':
      return { waiting: { reason: state.reason, message: `last exit code ${state.exitCode}` } };
    case 'waiting':
      return { waiting: { reason: 'PodInitializing' } };
  }
}
