import { AWAIT_COMMAND } from '#lib/inject';
import type { Container } from '#lib/resources';
import { PROXY_PORT } from '../../../proxy/contract.ts';
import { runProbe } from './probe.ts';

export interface HookTarget {
  readonly podIp: string;
  readonly exec: (command: readonly string[]) => Promise<number>;
}

interface Hook {
  readonly exec?: { readonly command?: readonly string[] };
  readonly sleep?: { readonly seconds: number };
}

const AWAIT_POLL_MS = 50;
const AWAIT_MOST_MS = 120_000;

/** Runs a container's hook, if it has one, to its end. Its failure is not the container's. */
export async function runLifecycleHook(
  container: Container,
  when: 'postStart' | 'preStop',
  target: HookTarget,
): Promise<void> {
  const hook = (container.lifecycle as Partial<Record<typeof when, Hook>> | undefined)?.[when];
  if (hook?.sleep !== undefined) await sleep(hook.sleep.seconds * 1000);
  const command = hook?.exec?.command;
  if (command === undefined) return;
  // The injected hook of proxies that are no native sidecars; its program is in the proxy's image.
  if (command[0] === AWAIT_COMMAND) await awaitProxy(container, target);
  else await target.exec(command);
}

async function awaitProxy(container: Container, target: HookTarget): Promise<void> {
  const port =
    container.ports?.find(({ name }) => name === 'linkerd-admin')?.containerPort ?? PROXY_PORT.admin;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod' as const,
    metadata: { name: '' },
    spec: { containers: [container] },
  };
  const endMs = performance.now() + AWAIT_MOST_MS;
  while (performance.now() < endMs) {
    const options = { pod, podIp: target.podIp, timeoutMs: 1000, exec: target.exec };
    if (await runProbe({ httpGet: { path: '/ready', port } }, options)) return;
    await sleep(AWAIT_POLL_MS);
  }
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
