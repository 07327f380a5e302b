import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A connection as the kernel of one end knows it: `10.42.0.8:40000`, `10.42.0.9:4143`. */
export interface Connection {
  readonly local: string;
  readonly peer: string;
}

/** The established connections inside of a network namespace to an address. */
export async function listConnections(netns: string, peerIp: string): Promise<readonly Connection[]> {
  const command = [`--net=/run/netns/${netns}`, '--', 'ss', '-Htn', 'state', 'established', 'dst', peerIp];
  const { stdout } = await promisify(execFile)('nsenter', command);
  return stdout.split('\n').flatMap((line) => {
    const [, , local, peer] = line.trim().split(/\s+/);
    return local === undefined || peer === undefined ? [] : { local, peer };
  });
}
