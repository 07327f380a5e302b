import { type grpcRoute, type httpRoute, httpTypes } from '#lib/api';
import type {
  HeaderMatch,
  HostMatch,
  PathMatch,
  QueryParamMatch,
  RouteMatch,
} from '../../policy/route-match.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

export function convertHostMatch({ match }: httpRoute.HostMatch): HostMatch {
  switch (match.case) {
    case 'exact':
      return { kind: 'exact', host: match.value.toLowerCase() };
    case 'suffix':
      return {
        kind: 'suffix',
        reverseLabels: match.value.reverseLabels.map((label) => label.toLowerCase()),
      };
    default:
      throw new InvalidPolicyError('a host match has no kind');
  }
}

export function convertHttpMatch(match: httpRoute.HttpRouteMatch): RouteMatch {
  return {
    ...(match.path === undefined ? {} : { path: convertPath(match.path) }),
    headers: match.headers.map(convertHeader),
    queryParams: match.queryParams.map(convertQueryParam),
    ...(match.method === undefined ? {} : { method: convertMethod(match.method) }),
  };
}

function convertPath({ kind }: httpRoute.PathMatch): PathMatch {
  switch (kind.case) {
    case 'exact':
    case 'prefix':
      return { kind: kind.case, value: kind.value };
    case 'regex':
      return { kind: 'regex', value: convertRegex(kind.value) };
    default:
      throw new InvalidPolicyError('a path match has no kind');
  }
}

function convertHeader({ name, value }: httpRoute.HeaderMatch): HeaderMatch {
  checkHeaderName(name);
  switch (value.case) {
    case 'exact':
      return { name: name.toLowerCase(), value: Buffer.from(value.value).toString('latin1') };
    case 'regex':
      return { name: name.toLowerCase(), value: convertRegex(value.value) };
    default:
      throw new InvalidPolicyError(`the match of header "${name}" has no kind`);
  }
}

/** A name is a token (RFC 9110, section 5.6.2). */
export function checkHeaderName(name: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
    throw new InvalidPolicyError(`"${name}" is not a header name`);
  }
}

function convertQueryParam({ name, value }: httpRoute.QueryParamMatch): QueryParamMatch {
  if (name === '') throw new InvalidPolicyError('a query parameter match has no name');
  switch (value.case) {
    case 'exact':
      return { name, value: value.value };
    case 'regex':
      return { name, value: convertRegex(value.value) };
    default:
      throw new InvalidPolicyError(`the match of query parameter "${name}" has no kind`);
  }
}

/** Without anchors: whoever matches checks that the leftmost match spans the whole value. */
function convertRegex(pattern: string): RegExp {
  // The syntax is RE2's: flags may stand in front, and groups are named with a P.
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern.slice(flags?.[0].length ?? 0).replaceAll('(?P<', '(?<');
  const flagText = [...new Set(flags?.[1])].join('');
  try {
    return compile(source, `u${flagText}`);
  } catch {
    // Escapes of punctuation are an error only in Unicode mode.
    return compile(source, flagText);
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw new InvalidPolicyError(`"${source}" is not a regular expression`);
  }
}

const REGISTERED_METHODS = new Map<number, string>(
  Object.entries(httpTypes.HttpMethod_Registered).map(([name, number]) => [number, name]),
);

function convertMethod({ type }: httpTypes.HttpMethod): string {
  switch (type.case) {
    case 'registered':
      return requireField(REGISTERED_METHODS.get(type.value), 'a known method');
    case 'unregistered':
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(type.value)) {
        throw new InvalidPolicyError(`"${type.value}" is not a method`);
      }
      return type.value;
    default:
      throw new InvalidPolicyError('a method match has no kind');
  }
}

/** A gRPC method is a path of two segments, and always a POST. */
export function convertGrpcMatch({ rpc, headers }: grpcRoute.GrpcRouteMatch): RouteMatch {
  const { service, method } = requireField(rpc, 'the rpc of a gRPC match');
  const path = convertRpcPath(service, method);
  return {
    ...(path === undefined ? {} : { path }),
    headers: headers.map(convertHeader),
    queryParams: [],
    method: 'POST',
  };
}

function convertRpcPath(service: string, method: string): PathMatch | undefined {
  if (service !== '' && method !== '') return { kind: 'exact', value: `/${service}/${method}` };
  if (service !== '') return { kind: 'prefix', value: `/${service}` };
  if (method === '') return undefined;
  return { kind: 'regex', value: new RegExp(`^/[^/]+/${method.replace(/[^\w]/g, '\\$&')}$`) };
}
