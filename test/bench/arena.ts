import type { Cleanup } from './cleanup.ts';
import { runCommand } from './command.ts';

/** The two sides of the wire, as two pods would see it. */
export const ADDRESS = { client: '10.231.0.1', server: '10.231.0.2' } as const;
/** Reached by the default route only, as cluster IPs are; some rule or proxy has to lead it elsewhere. */
export const CLUSTER_IP = '10.232.0.10';

/** Load generator and app share a core, both proxies the other. */
export const CORE = { load: 0, proxies: 1 } as const;

/** Two network namespaces with a wire between them; each pair of proxies has its own. */
export interface Arena {
  /** Namespace of the load generator and the outbound proxy. */
  readonly client: string;
  /** Namespace of the inbound proxy and the app. */
  readonly server: string;
}

/** Makes an arena, and has it removed by `cleanup`. */
export async function createArena(name: string, cleanup: Cleanup): Promise<Arena> {
  const prefix = `l5d-bench-${process.pid}-${name}`;
  const arena: Arena = { client: `${prefix}-client`, server: `${prefix}-server` };
  for (const namespace of [arena.client, arena.server]) {
    await ip('netns', 'add', namespace);
    cleanup.add(`namespace ${namespace}`, async () => void (await ip('netns', 'del', namespace)));
  }
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', arena.server];
  await ip('link', 'add', 'eth0', 'netns', arena.client, ...peer);
  await configureSide(arena.client, ADDRESS.client, ADDRESS.server);
  await configureSide(arena.server, ADDRESS.server, ADDRESS.client);
  return arena;
}

async function configureSide(namespace: string, address: string, gateway: string): Promise<void> {
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  await ip('-n', namespace, 'route', 'add', 'default', 'via', gateway);
}

function ip(...args: string[]): Promise<string> {
  return runCommand('ip', args);
}
