import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** Programs of others, and the Debian packages that bring them. */
export const PACKAGES = {
  curl: 'curl',
  openssl: 'openssl',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  initdb: 'postgresql',
  psql: 'postgresql-client',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  'nats-server': 'nats-server',
} as const;

export type Program = keyof typeof PACKAGES;

const POSTGRES_DIR = '/usr/lib/postgresql';

/** The path of a program; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  if (name === 'initdb' || name === 'postgres') return findPostgres(name);
  try {
    const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
    return execFileSync('sh', ['-c', 'command -v "$0"', name], {
      encoding: 'utf8',
      env: { PATH: path },
    }).trim();
  } catch {
    return undefined;
  }
}

/** Debian keeps them out of the PATH, by version. */
function findPostgres(name: string): string | undefined {
  try {
    const [version] = readdirSync(POSTGRES_DIR).sort().reverse();
    return version === undefined ? undefined : `${POSTGRES_DIR}/${version}/bin/${name}`;
  } catch {
    return undefined;
  }
}
