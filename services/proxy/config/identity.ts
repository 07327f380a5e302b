import type { Millis } from '#lib/base';
import type { EnvReader } from '#lib/config';
import { type ControlAddress, readControlAddress } from './control-plane.ts';
import { name, parseDnsNameValue, parseTimerValue } from './environment.ts';

export interface IdentityConfig {
  /** What this proxy proves to be, and the SNI that is its own. */
  readonly localName: string;
  readonly trustAnchorsPem: string;
  readonly tokenFile: string;
  readonly service: ControlAddress;
  readonly minRefreshMs: Millis;
  readonly maxRefreshMs: Millis;
}

export function readIdentity(env: EnvReader): IdentityConfig {
  if ((env.text(name('IDENTITY_DISABLED')) ?? '') !== '') {
    env.report(
      name('IDENTITY_DISABLED'),
      'is no longer supported: the mesh has no traffic without identity; leave it out',
    );
  }
  return {
    localName: readLocalName(env),
    trustAnchorsPem: env.required(name('IDENTITY_TRUST_ANCHORS'), parseTextValue, ''),
    tokenFile: env.required(name('IDENTITY_TOKEN_FILE'), parseTextValue, ''),
    service: readControlAddress(env, 'IDENTITY_SVC'),
    minRefreshMs: env.optional(name('IDENTITY_MIN_REFRESH'), parseTimerValue, 10_000),
    maxRefreshMs: env.optional(name('IDENTITY_MAX_REFRESH'), parseTimerValue, 86_400_000),
  };
}

function parseTextValue(value: string): string {
  if (value.trim() === '') throw new Error('is empty');
  return value;
}

/** The server's id and name, which must be one where the identity service certifies them, or else the local name. */
function readLocalName(env: EnvReader): string {
  const [idName, serverName] = [name('IDENTITY_SERVER_ID'), name('IDENTITY_SERVER_NAME')];
  const given = [idName, serverName].filter((variable) => env.text(variable) !== undefined);
  const [only] = given;
  if (only === undefined) return env.required(name('IDENTITY_LOCAL_NAME'), parseDnsNameValue, '');
  if (given.length === 1) env.report(only, `needs ${only === idName ? serverName : idName} beside it`);
  const id = env.optional(idName, parseServerIdValue, '');
  const server = env.optional(serverName, parseDnsNameValue, '');
  if (id !== '' && server !== '' && id !== server) {
    env.report(
      idName,
      `"${id}" differs from ${serverName} "${server}"; only SPIRE, which is not supported, allows that`,
    );
  }
  const local = env.optional(name('IDENTITY_LOCAL_NAME'), parseDnsNameValue, server);
  if (server !== '' && local !== server)
    env.report(
      name('IDENTITY_LOCAL_NAME'),
      `"${local}" differs from ${serverName} "${server}"; leave one out`,
    );
  return server;
}

function parseServerIdValue(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text))
    throw new Error('is a URI: those are for SPIRE, which is not supported; give it a DNS name');
  return parseDnsNameValue(text);
}
