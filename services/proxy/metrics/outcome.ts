import type { StreamFailure } from '../http/exchange.ts';
import { isGrpcFailure } from '../http/grpc.ts';

/** How a response ended, as metrics and breakers see it. */
export interface Outcome {
  /** 0 where no response came. */
  readonly status: number;
  readonly success: boolean;
  /** The gRPC status number as text, empty for anything but gRPC and for an error. */
  readonly grpcStatus: string;
  /** Empty, or what ended the stream: one of the words of `responseErrorOf`. */
  readonly error: string;
}

/** What is known of a response at its end. */
export interface ResponseEnd {
  readonly status: number;
  readonly isGrpc: boolean;
  /** The `grpc-status` as it came; empty for none. */
  readonly grpcStatus: string;
  readonly error: string;
}

/** `0` to `16`: the texts of all gRPC statuses. */
const GRPC_CODES = Array.from({ length: 17 }, (_, code) => String(code));
const UNKNOWN = '2';

/** Classifies a response. Source: facts sheet proxy-wire, section 21. */
export function outcomeOf({ status, isGrpc, grpcStatus, error }: ResponseEnd): Outcome {
  if (error !== '') return { status, success: false, grpcStatus: '', error };
  if (!isGrpc) return { status, success: status < 500, grpcStatus: '', error };
  // One that is missing or no number is a success that is not known to be one.
  if (!/^\d+$/.test(grpcStatus)) return { status, success: true, grpcStatus: UNKNOWN, error };
  const code = GRPC_CODES[Number(grpcStatus)] ?? UNKNOWN;
  return { status, success: !isGrpcFailure(code), grpcStatus: code, error };
}

/** Names of RFC 9113, section 7, by code. */
const RESET_WORDS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
].map((name) => `h2(${name})`);

/** What `error` is in response_total where a peer neither reset a stream nor answered. */
export const UNCLASSIFIED = 'unclassified';

/**
 * What `error` is in response_total: few words, as upstream's. Peers choose the codes of their resets, so that those
 * without a name share one.
 */
export function responseErrorOf({ kind, code }: Pick<StreamFailure, 'kind' | 'code'>): string {
  return kind === 'reset' ? (RESET_WORDS[code] ?? 'h2(UNKNOWN)') : UNCLASSIFIED;
}
