import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { SYSTEM_PATH } from './program.ts';

/** What the benchmark runs, and the Debian package that brings it. */
const PROGRAM_PACKAGES: Readonly<Record<string, string>> = {
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  iperf3: 'iperf3',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  ip: 'iproute2',
  iptables: 'iptables',
  taskset: 'util-linux',
  setpriv: 'util-linux',
};
export const NGINX_STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Rejects with one sentence if this machine lacks something: root, two cores, a program. */
export async function checkRequirements(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw missing('the benchmark makes network namespaces and needs root; run it with sudo');
  }
  if (cpus().length < 2)
    throw missing('the benchmark pins load and proxies to a core each; this machine has one');
  const packages = new Set<string>();
  for (const [program, debianPackage] of Object.entries(PROGRAM_PACKAGES)) {
    if (!(await isOnPath(program))) packages.add(debianPackage);
  }
  if (!(await isPresent(NGINX_STREAM_MODULE))) packages.add('libnginx-mod-stream');
  if (packages.size > 0) {
    throw missing(
      `the benchmark lacks programs; install them with: apt-get install -y ${[...packages].join(' ')}`,
    );
  }
}

async function isOnPath(program: string): Promise<boolean> {
  const found = await Promise.all(
    SYSTEM_PATH.split(':').map((dir) => isPresent(join(dir, program), constants.X_OK)),
  );
  return found.includes(true);
}

async function isPresent(file: string, mode = constants.R_OK): Promise<boolean> {
  try {
    await access(file, mode);
    return true;
  } catch {
    return false;
  }
}

function missing(sentence: string): MeshError {
  return new MeshError('BENCH_REQUIREMENT_MISSING', sentence);
}
