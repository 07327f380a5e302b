import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Pod, Probe } from '#lib/resources';
import { findContainerPort } from '../core/endpoints.ts';

export interface ProbeTarget {
  readonly pod: Pod;
  readonly podIp: string;
  readonly timeoutMs: number;
  /** Runs a command in the container and resolves to its exit code. */
  readonly exec: (command: readonly string[]) => Promise<number>;
}

/** Asks a container once whether it is well, from outside of the pod, as a kubelet does. Never rejects. */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<boolean> {
  if (probe.exec !== undefined) return (await target.exec(probe.exec.command ?? [])) === 0;
  if (probe.httpGet !== undefined) return getHttp(probe.httpGet, target);
  const port = resolvePort(probe.tcpSocket?.port ?? probe.grpc?.port, target.pod);
  return port === undefined
    ? false
    : connectTcp(probe.tcpSocket?.host ?? target.podIp, port, target.timeoutMs);
}

/** Any status from 200 to 399 is well. Certificates are not checked. */
function getHttp(action: NonNullable<Probe['httpGet']>, target: ProbeTarget): Promise<boolean> {
  const port = resolvePort(action.port, target.pod);
  if (port === undefined) return Promise.resolve(false);
  const request = action.scheme === 'HTTPS' ? requestHttps : requestHttp;
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve) => {
    const call = request({
      host: action.host ?? target.podIp,
      port,
      path: action.path ?? '/',
      headers: { 'user-agent': 'kube-probe/1.34', ...headers },
      agent: false,
      rejectUnauthorized: false,
      timeout: target.timeoutMs,
    });
    const deadline = setTimeout(() => call.destroy(), target.timeoutMs);
    const finish = (well: boolean) => {
      clearTimeout(deadline);
      call.destroy();
      resolve(well);
    };
    call.on('response', ({ statusCode = 0 }) => finish(statusCode >= 200 && statusCode < 400));
    call.on('error', () => finish(false));
    call.on('close', () => finish(false));
    call.end();
  });
}

function connectTcp(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (well: boolean) => {
      socket.destroy();
      resolve(well);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
  });
}

function resolvePort(port: number | string | undefined, pod: Pod): number | undefined {
  return typeof port === 'string' ? findContainerPort(pod, port) : port;
}
