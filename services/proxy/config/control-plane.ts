import { isIP } from 'node:net';
import type { Millis } from '#lib/base';
import type { EnvReader } from '#lib/config';
import { isLoopback } from '../transport/address.ts';
import { name, parseTimerValue } from './environment.ts';

/** A control-plane service: `name:port` or `ip:port`, and the identity it must prove (none for loopback). */
export interface ControlAddress {
  readonly host: string;
  readonly port: number;
  readonly identity: string | undefined;
}

export interface ControlStreamConfig {
  readonly initialMs?: Millis;
  readonly idleMs?: Millis;
  readonly lifetimeMs?: Millis;
}

/** How long an answer of the DNS is good, whatever it says. */
export interface DnsConfig {
  readonly minTtlMs: Millis;
  readonly maxTtlMs: Millis;
}

export function readControlAddress(env: EnvReader, service: string): ControlAddress {
  const parse = (text: string) => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
    if (match === null || Number(match[3]) > 65_535)
      throw new Error('is not an address such as name.ns.svc.cluster.local.:8086');
    return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
  };
  const address = env.required(name(`${service}_ADDR`), parse, { host: '', port: 0 });
  const identity = env.text(name(`${service}_NAME`));
  if (isLoopbackName(address.host)) return { ...address, identity: undefined };
  if (identity === undefined && address.host !== '') {
    env.report(
      name(`${service}_NAME`),
      `is required because ${name(`${service}_ADDR`)} is not a loopback address`,
    );
  }
  return { ...address, identity };
}

/** Loopback control-plane addresses are spoken to in plaintext; `127.example.com` is a name like any other. */
function isLoopbackName(host: string): boolean {
  return /^localhost\.?$/i.test(host) || (isIP(host) !== 0 && isLoopback(host));
}

export function readControlStream(env: EnvReader): ControlStreamConfig {
  const read = (suffix: string) =>
    env.optional(
      name(`CONTROL_STREAM_${suffix}`),
      (text) => (text.trim() === '' ? undefined : parseTimerValue(text)),
      undefined,
    );
  const [initialMs, idleMs, lifetimeMs] = [read('INITIAL_TIMEOUT'), read('IDLE_TIMEOUT'), read('LIFETIME')];
  const order = [initialMs, idleMs, lifetimeMs].filter((ms) => ms !== undefined);
  if (order.some((ms, index) => index > 0 && ms < (order[index - 1] ?? 0))) {
    env.report(name('CONTROL_STREAM_INITIAL_TIMEOUT'), 'must not exceed …_IDLE_TIMEOUT, nor that …_LIFETIME');
  }
  return {
    ...(initialMs === undefined ? {} : { initialMs }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  };
}

export function readDns(env: EnvReader): DnsConfig {
  const minTtlMs = env.optional(name('DNS_MIN_TTL'), parseTimerValue, 0);
  const maxTtlMs = env.optional(name('DNS_MAX_TTL'), parseTimerValue, Number.POSITIVE_INFINITY);
  if (minTtlMs > maxTtlMs) env.report(name('DNS_MIN_TTL'), `is above ${name('DNS_MAX_TTL')}`);
  return { minTtlMs, maxTtlMs };
}
