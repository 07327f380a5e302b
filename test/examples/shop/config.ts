/** Where a service reads its settings; the real environment in the programs, a plain object in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const environment: Environment = process.env;

/** A host and a port, as in `catalog.shop.svc.cluster.local:8080`. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address in variable `name`. Throws where it is missing or no `host:port`. */
export function readAddress(env: Environment, name: string): Address {
  const text = env[name] ?? '';
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) throw new Error(`${name} is "${text}": set it to the host:port of that service`);
  return { host: match[1] ?? '', port: Number(match[2]) };
}

/** The number in variable `name`, or `fallback` where it is not set. */
export function readNumber(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new Error(`${name} is "${text}": set it to a number from 0 on`);
  return value;
}

/** The text in variable `name`, or `fallback` where it is not set. */
export function readText(env: Environment, name: string, fallback: string): string {
  return env[name] ?? fallback;
}
