import { describeError } from '#lib/base';
import { DESTINATION_FLAG } from './contract.ts';
import { DEFAULT_HTTP2_PARAMS, type Http2ClientParams } from './core/http2-params.ts';
import { refuseFlag } from './errors.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of -meshed-http2-client-params: the protobuf's fields in snake case, durations as objects of
 * seconds and nanos. Empty gives the defaults. Throws a MeshError.
 */
export function parseHttp2Params(text: string): Http2ClientParams {
  if (text.trim() === '') return DEFAULT_HTTP2_PARAMS;
  try {
    return readParams(readFields(JSON.parse(text) as unknown, 'the value'));
  } catch (error) {
    throw refuseFlag(DESTINATION_FLAG.meshedHttp2ClientParams, `cannot be used: ${describeError(error)}`);
  }
}

function readParams(fields: Fields): Http2ClientParams {
  const { flow_control, keep_alive, internals, ...unknown } = fields;
  refuseUnknown(unknown);
  return {
    ...(flow_control !== undefined && {
      flowControl: readFlowControl(readFields(flow_control, 'flow_control')),
    }),
    ...(keep_alive !== undefined && { keepAlive: readKeepAlive(readFields(keep_alive, 'keep_alive')) }),
    ...(internals !== undefined && { internals: readInternals(readFields(internals, 'internals')) }),
  };
}

function readFlowControl(fields: Fields): NonNullable<Http2ClientParams['flowControl']> {
  const { initial_connection_window_size, initial_stream_window_size, adaptive_flow_control, ...unknown } =
    fields;
  refuseUnknown(unknown);
  return {
    ...readOptional('initialConnectionWindowSize', initial_connection_window_size, readUint32),
    ...readOptional('initialStreamWindowSize', initial_stream_window_size, readUint32),
    ...readOptional('adaptiveFlowControl', adaptive_flow_control, readBoolean),
  };
}

function readKeepAlive(fields: Fields): NonNullable<Http2ClientParams['keepAlive']> {
  const { interval, timeout, while_idle, ...unknown } = fields;
  refuseUnknown(unknown);
  return {
    ...readOptional('intervalMs', interval, readDuration),
    ...readOptional('timeoutMs', timeout, readDuration),
    ...readOptional('whileIdle', while_idle, readBoolean),
  };
}

function readInternals(fields: Fields): NonNullable<Http2ClientParams['internals']> {
  const { max_concurrent_reset_streams, max_frame_size, max_send_buf_size, ...unknown } = fields;
  refuseUnknown(unknown);
  return {
    ...readOptional('maxConcurrentResetStreams', max_concurrent_reset_streams, readUint32),
    ...readOptional('maxFrameSize', max_frame_size, readUint32),
    ...readOptional('maxSendBufSize', max_send_buf_size, readUint32),
  };
}

function readOptional<K extends string, T>(
  name: K,
  value: unknown,
  read: (value: unknown) => T,
): { readonly [P in K]?: T } {
  if (value === undefined || value === null) return {};
  try {
    return { [name]: read(value) } as { readonly [P in K]?: T };
  } catch (error) {
    throw new Error(`${name}: ${describeError(error)}`, { cause: error });
  }
}

function readFields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${name} is not an object`);
  }
  return value as Fields;
}

function readUint32(value: unknown): number {
  if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > 0xffff_ffff) {
    throw new Error(`${JSON.stringify(value)} is not a whole number of 32 bits`);
  }
  return Number(value);
}

function readBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error(`${JSON.stringify(value)} is not true or false`);
  return value;
}

function readDuration(value: unknown): number {
  const { seconds = 0, nanos = 0, ...unknown } = readFields(value, 'the duration');
  refuseUnknown(unknown);
  return readUint32(seconds) * 1000 + readUint32(nanos) / 1e6;
}

function refuseUnknown(fields: Fields): void {
  const [name] = Object.keys(fields);
  if (name !== undefined) throw new Error(`"${name}" is not a field of it`);
}
