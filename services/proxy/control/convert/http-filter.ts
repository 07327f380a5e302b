import type { httpRoute, httpTypes, outbound } from '#lib/api';
import type { OutboundRule } from '../../outbound/client-policy.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { checkHeaderName } from './route-match.ts';

type Failure = NonNullable<OutboundRule['failure']>;

/** The HTTP status of a gRPC failure: gRPC clients read the proxy's own gRPC status. */
const GRPC_FAILURE_STATUS = 500;

/**
 * Checks all filters and gives the failure that every request gets, if one of them is that. The others (header
 * modifiers, redirects, failures of a share) are carried out by a later issue.
 */
export function findHttpFailure(filters: readonly outbound.HttpRoute_Filter[]): Failure | undefined {
  return filters.map(readHttpFilter).find((failure) => failure !== undefined);
}

export function findGrpcFailure(filters: readonly outbound.GrpcRoute_Filter[]): Failure | undefined {
  return filters.map(readGrpcFilter).find((failure) => failure !== undefined);
}

function readHttpFilter({ kind }: outbound.HttpRoute_Filter): Failure | undefined {
  switch (kind.case) {
    case 'failureInjector': {
      const { status, message, ratio } = kind.value;
      checkHttpStatus(status);
      return isAlways(ratio) ? { status, message } : undefined;
    }
    case 'requestHeaderModifier':
    case 'responseHeaderModifier':
      checkHeaderModifier(kind.value);
      return undefined;
    case 'redirect':
      checkRedirect(kind.value);
      return undefined;
    default:
      throw new InvalidPolicyError('a filter has no kind');
  }
}

function readGrpcFilter({ kind }: outbound.GrpcRoute_Filter): Failure | undefined {
  switch (kind.case) {
    case 'failureInjector': {
      const { code, message, ratio } = kind.value;
      if (code > 16) throw new InvalidPolicyError(`${code} is not a gRPC status`);
      return isAlways(ratio) ? { status: GRPC_FAILURE_STATUS, message } : undefined;
    }
    case 'requestHeaderModifier':
      checkHeaderModifier(kind.value);
      return undefined;
    default:
      throw new InvalidPolicyError('a filter has no kind');
  }
}

function isAlways(ratio: httpRoute.Ratio | undefined): boolean {
  if (ratio === undefined) return true;
  const { numerator, denominator } = ratio;
  if (denominator === 0 || numerator > denominator) {
    throw new InvalidPolicyError(`${numerator}/${denominator} is not a ratio`);
  }
  return numerator === denominator;
}

function checkHttpStatus(status: number): void {
  if (status < 100 || status > 999) throw new InvalidPolicyError(`${status} is not an HTTP status`);
}

function checkHeaderModifier(
  modifier: httpRoute.RequestHeaderModifier | httpRoute.ResponseHeaderModifier,
): void {
  checkHeaders(modifier.add);
  checkHeaders(modifier.set);
  modifier.remove.forEach(checkHeaderName);
}

function checkHeaders(headers: httpTypes.Headers | undefined): void {
  for (const { name, value } of headers?.headers ?? []) {
    checkHeaderName(name);
    // RFC 9110, section 5.5: no control characters but the tab.
    const isForbidden = (byte: number) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f;
    if (value.some(isForbidden)) throw new InvalidPolicyError(`the value of header "${name}" is not one`);
  }
}

function checkRedirect(redirect: httpRoute.RequestRedirect): void {
  if (redirect.status !== 0) checkHttpStatus(redirect.status);
  if (redirect.port > 65_535) throw new InvalidPolicyError(`${redirect.port} is not a port`);
  if (redirect.path === undefined) return;
  const path = requireField(redirect.path.replace.value, 'the path of a redirect');
  if (!path.startsWith('/')) throw new InvalidPolicyError(`the path "${path}" does not begin with a slash`);
}
