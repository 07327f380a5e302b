export {
  clone,
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  equals,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
export { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
export {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
  timestampDate,
  timestampFromDate,
  timestampFromMs,
  timestampMs,
} from '@bufbuild/protobuf/wkt';
export { fromDuration, toDuration } from './duration.ts';
export * as destination from './gen/destination_pb.ts';
export * as grpcRoute from './gen/grpc_route_pb.ts';
export * as httpRoute from './gen/http_route_pb.ts';
export * as httpTypes from './gen/http_types_pb.ts';
export * as identity from './gen/identity_pb.ts';
export * as inbound from './gen/inbound_pb.ts';
export * as meta from './gen/meta_pb.ts';
export * as net from './gen/net_pb.ts';
export * as opaqueRoute from './gen/opaque_route_pb.ts';
export * as otlpCommon from './gen/otlp_common_pb.ts';
export * as otlpResource from './gen/otlp_resource_pb.ts';
export * as otlpTrace from './gen/otlp_trace_pb.ts';
export * as otlpTraceService from './gen/otlp_trace_service_pb.ts';
export * as outbound from './gen/outbound_pb.ts';
export * as tap from './gen/tap_pb.ts';
export * as tlsRoute from './gen/tls_route_pb.ts';
export * as transport from './gen/transport_pb.ts';
export {
  fromIpAddress,
  fromTcpAddress,
  type HostPort,
  toIpAddress,
  toIpNetwork,
  toTcpAddress,
} from './ip-address.ts';
