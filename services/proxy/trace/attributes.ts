import type { Field } from '../http/field.ts';
import { fieldValue, type RequestHead } from '../http/head.ts';

export type Attributes = [name: string, value: string][];

/** Headers that are told of, and as what. Others may hold secrets. */
const HEADERS = [
  ['user-agent', 'user_agent.original'],
  ['content-length', 'http.request.header.content-length'],
  ['content-type', 'http.request.header.content-type'],
  ['l5d-orig-proto', 'http.request.header.l5d-orig-proto'],
] as const;

/**
 * What a span tells of its request; text alone, as upstream. Source: facts sheet proxy-tap, section 3 (OpenTelemetry's
 * semantic conventions of HTTP spans).
 */
export function describeRequest(head: RequestHead): Attributes {
  const { path, query } = splitTarget(head.path);
  const { credentials, host, port } = splitAuthority(head.authority);
  const attributes: Attributes = [
    ['http.request.method', head.method],
    ['url.scheme', head.scheme],
    ['url.path', readText(path)],
  ];
  if (query !== undefined) attributes.push(['url.query', readText(query)]);
  const authority = `${redact(credentials)}${host}${port === undefined ? '' : `:${port}`}`;
  const origin = head.authority === '' ? '' : `${head.scheme}://${authority}`;
  attributes.push(['url.full', readText(`${origin}${head.path}`)], ['network.transport', 'tcp']);
  if (host !== '') attributes.push(['server.address', readText(host)]);
  if (port !== undefined) attributes.push(['server.port', port]);
  addHeaders(attributes, head.fields);
  return attributes;
}

function addHeaders(attributes: Attributes, fields: readonly Field[]): void {
  for (const [header, name] of HEADERS) {
    const value = fieldValue(fields, header);
    if (value !== undefined) attributes.push([name, readText(value)]);
  }
}

/** The path of a request, which is the name of its spans; a CONNECT has none. */
export function nameOf(head: RequestHead): string {
  return readText(splitTarget(head.path).path) || head.method;
}

function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const at = target.indexOf('?');
  return at < 0
    ? { path: target, query: undefined }
    : { path: target.slice(0, at), query: target.slice(at + 1) };
}

interface Authority {
  readonly credentials: string | undefined;
  /** With brackets, where it is an IPv6 address. */
  readonly host: string;
  readonly port: string | undefined;
}

function splitAuthority(authority: string): Authority {
  const at = authority.lastIndexOf('@');
  const hostPort = authority.slice(at + 1);
  const [, host = hostPort, port] = /^(.*):(\d+)$/.exec(hostPort) ?? [];
  return { credentials: at < 0 ? undefined : authority.slice(0, at), host, port };
}

/** A user's name and password are not told. */
function redact(credentials: string | undefined): string {
  if (credentials === undefined) return '';
  return credentials.includes(':') ? 'REDACTED:REDACTED@' : 'REDACTED@';
}

/** Heads hold a character a byte; collectors want Unicode. */
function readText(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}
