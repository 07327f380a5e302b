import { describe, expect, test } from 'vitest';
import {
  create,
  destination,
  fromBinary,
  httpTypes,
  identity,
  inbound,
  net,
  outbound,
  TimestampSchema,
  tap,
  toBinary,
  toDuration,
  toIpAddress,
  toTcpAddress,
  transport,
} from './index.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The bytes are worked out by hand from the protobuf encoding rules, or were seen on the wire. */
describe('bytes on the wire', () => {
  test('the transport header of port 5202 alone, as two upstream proxies send it', () => {
    const header = create(transport.HeaderSchema, { port: 5202 });
    expect(hex(toBinary(transport.HeaderSchema, header))).toBe('08d228');
    expect(fromBinary(transport.HeaderSchema, bytes('08d228')).port).toBe(5202);
  });

  test('a transport header with a name and a session protocol', () => {
    const header = create(transport.HeaderSchema, {
      port: 80,
      name: 'a',
      sessionProtocol: { kind: { case: 'http2', value: {} } },
    });
    expect(hex(toBinary(transport.HeaderSchema, header))).toBe('0850 1201 61 1a02 1200'.replaceAll(' ', ''));
  });

  test('IPv4 is a fixed32, little-endian', () => {
    const address = toIpAddress('1.2.3.4');
    expect(address && hex(toBinary(net.IPAddressSchema, address))).toBe('0d04030201');
  });

  test('IPv6 is two fixed64, the high half first; a half of zero is left out', () => {
    const address = toIpAddress('2001:db8::1');
    const halves = '09 00000000b80d0120 11 0100000000000000';
    expect(address && hex(toBinary(net.IPAddressSchema, address))).toBe(`1212${halves.replaceAll(' ', '')}`);
  });

  test('Certify: request and response', () => {
    const request = create(identity.CertifyRequestSchema, {
      identity: 'a.b',
      token: bytes('ff'),
      certificateSigningRequest: bytes('3000'),
    });
    expect(hex(toBinary(identity.CertifyRequestSchema, request))).toBe('0a03612e62' + '1201ff' + '1a023000');
    const response = create(identity.CertifyResponseSchema, {
      leafCertificate: bytes('01'),
      intermediateCertificates: [bytes('02'), bytes('03')],
      validUntil: create(TimestampSchema, { seconds: 5n }),
    });
    const encoded = '0a0101' + '120102' + '120103' + '1a020805';
    expect(hex(toBinary(identity.CertifyResponseSchema, response))).toBe(encoded);
  });

  test('an endpoint: hint 3 is opaque and 2 the transport, identity 1 and server name 4', () => {
    const endpoint = create(destination.WeightedAddrSchema, {
      weight: 10_000,
      tlsIdentity: {
        strategy: { case: 'dnsLikeIdentity', value: { name: 'x' } },
        serverName: { name: 'y' },
      },
      protocolHint: {
        protocol: { case: 'opaque', value: {} },
        opaqueTransport: { inboundPort: 4143 },
      },
    });
    const tls = '2a0a' + '0a030a0178' + '22030a0179';
    const hint = '3207' + '120308af20' + '1a00';
    expect(hex(toBinary(destination.WeightedAddrSchema, endpoint))).toBe(`18904e${tls}${hint}`);
  });

  test('a server that permits mesh TLS without an identity, as the sheet numbers it', () => {
    const authn = create(inbound.AuthnSchema, {
      permit: {
        case: 'meshTLS',
        value: { clients: { case: 'unauthenticated', value: {} } },
      },
    });
    expect(hex(toBinary(inbound.AuthnSchema, authn))).toBe('12020a00');
  });

  test('a traffic spec by address', () => {
    const spec = create(outbound.TrafficSpecSchema, {
      sourceWorkload: 'w',
      target: { case: 'addr', value: toTcpAddress({ host: '10.0.0.1', port: 80 }) ?? {} },
    });
    expect(hex(toBinary(outbound.TrafficSpecSchema, spec))).toBe('0a0177' + '12090a050d0100000a1050');
  });

  test('grpc retry conditions have the numbers of the statuses', () => {
    const conditions = create(outbound.GrpcRoute_Retry_ConditionsSchema, {
      deadineExceeded: true,
      internal: true,
      unavailable: true,
    });
    expect(hex(toBinary(outbound.GrpcRoute_Retry_ConditionsSchema, conditions))).toBe('200168017001');
  });

  test('jitter is a float, a success rate a double, ten seconds 0a020a in a duration field', () => {
    const backoff = create(outbound.ExponentialBackoffSchema, {
      minBackoff: toDuration(10_000),
      jitterRatio: 1,
    });
    expect(hex(toBinary(outbound.ExponentialBackoffSchema, backoff))).toBe('0a02080a' + '1d0000803f');
    const unified = create(outbound.FailureAccrual_UnifiedSchema, { successRateThreshold: 0.5 });
    expect(hex(toBinary(outbound.FailureAccrual_UnifiedSchema, unified))).toBe('09000000000000e03f');
  });

  test('fields that are not known yet are skipped and kept', () => {
    const spec = fromBinary(inbound.PortSpecSchema, bytes('0a0177 1050 c03e07'));
    expect(spec).toMatchObject({ workload: 'w', port: 80 });
    expect(hex(toBinary(inbound.PortSpecSchema, spec))).toBe('0a01771050c03e07');
  });
});

test('enums have upstream numbers', () => {
  expect(httpTypes.HttpMethod_Registered).toEqual({
    GET: 0,
    POST: 1,
    PUT: 2,
    DELETE: 3,
    PATCH: 4,
    OPTIONS: 5,
    CONNECT: 6,
    HEAD: 7,
    TRACE: 8,
  });
  expect(httpTypes.Scheme_Registered).toEqual({ HTTP: 0, HTTPS: 1 });
  expect(tap.TapEvent_ProxyDirection).toEqual({ UNKNOWN: 0, INBOUND: 1, OUTBOUND: 2 });
});
