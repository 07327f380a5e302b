import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  create,
  destination,
  inbound,
  type MessageInitShape,
  outbound,
  toDuration,
  toIpNetwork,
  toTcpAddress,
} from '#lib/api';
import { GrpcError, GrpcServer, GrpcStatus, type ServerStream, type StreamHandler } from '#lib/grpc';
import { createLogger } from '#lib/telemetry';
import { Suffixes } from '../config.ts';
import type { ServerPolicy } from '../inbound/server-policy.ts';
import { createFamilies } from '../metrics/families.ts';
import type { ClientPolicy } from '../outbound/client-policy.ts';
import type { EndpointsUpdate, Profile } from '../outbound/endpoint.ts';
import { ControlChannel } from './channel.ts';
import { createDestinationClient } from './destination-client.ts';
import { createDiscoveryStatus } from './discovery-status.ts';
import { createPolicyClient } from './policy-client.ts';
import { TEST_DIRECTION } from './testing/direction.ts';
import { startRelay } from './testing/relay.ts';

type Get = StreamHandler<typeof destination.Destination.method.get>;
type GetProfile = StreamHandler<typeof destination.Destination.method.getProfile>;
type WatchPort = StreamHandler<typeof inbound.InboundServerPolicies.method.watchPort>;
type WatchOutbound = StreamHandler<typeof outbound.OutboundPolicies.method.watch>;

interface Handlers {
  get?: Get;
  getProfile?: GetProfile;
  watchPort?: WatchPort;
  watch?: WatchOutbound;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const unimplemented = () => {
  throw new GrpcError(GrpcStatus.Unimplemented, 'not here');
};

/** A scripted control plane behind a cable, and clients of it. */
async function setUp(handlers: Handlers) {
  const server = new GrpcServer();
  server.add(destination.Destination, {
    get: handlers.get ?? unimplemented,
    getProfile: handlers.getProfile ?? unimplemented,
  });
  server.add(inbound.InboundServerPolicies, {
    getPort: unimplemented,
    watchPort: handlers.watchPort ?? unimplemented,
  });
  server.add(outbound.OutboundPolicies, { get: unimplemented, watch: handlers.watch ?? unimplemented });
  const { port, close } = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(close);
  const cable = await startRelay({ targetPort: port });
  closers.push(() => cable.cut());
  const families = createFamilies();
  const lines: string[] = [];
  const log = createLogger({ target: 'test', write: (line) => lines.push(line) });
  const status = createDiscoveryStatus({ client: 'destination', families, log });
  const channel = new ControlChannel({
    client: 'destination',
    address: { host: 'localhost.', port: cable.port, identity: undefined },
    inbound: TEST_DIRECTION,
    outbound: TEST_DIRECTION,
    currentContext: () => undefined,
    families,
    log,
    onReachability: status.setReachable,
  });
  closers.push(() => channel.close());
  const common = { channel, status, limits: {} };
  return {
    channel,
    cable,
    lines,
    render: () => families.modern.render(),
    destinations: createDestinationClient({
      ...common,
      contextToken: '{"ns":"shop"}',
      profileNetworks: ['10.0.0.0/8', 'fd00::/8'],
      profileSuffixes: new Suffixes(['svc.cluster.local']),
    }),
    policies: createPolicyClient({
      ...common,
      workload: '{"ns":"shop","pod":"p"}',
      detectTimeoutMs: 10_000,
      log,
    }),
  };
}

const at = (host: string) => toTcpAddress({ host, port: 80 })!;
const add = (...hosts: string[]) =>
  create(destination.UpdateSchema, {
    update: { case: 'add', value: { addrs: hosts.map((host) => ({ addr: at(host) })) } },
  });
const remove = (...hosts: string[]) =>
  create(destination.UpdateSchema, { update: { case: 'remove', value: { addrs: hosts.map(at) } } });

/** `reset 10.0.0.1,10.0.0.2` */
function describeUpdate(update: EndpointsUpdate): string {
  const addresses =
    update.kind === 'remove' ? update.addresses : update.endpoints.map(({ address }) => address);
  return `${update.kind} ${addresses.map(({ host }) => host).join()}`;
}

describe('watchEndpoints()', () => {
  it('follows a set, keeps it through an outage, and replaces it after', async () => {
    const streams: ServerStream<destination.Update>[] = [];
    const requests: destination.GetDestination[] = [];
    const { destinations, cable, channel, render } = await setUp({
      get(request, stream) {
        requests.push(request);
        streams.push(stream);
      },
    });
    const seen: string[] = [];
    const watch = destinations.watchEndpoints('web.shop.svc.cluster.local:80', (update) =>
      seen.push(describeUpdate(update)),
    );
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    expect(requests[0]).toMatchObject({
      scheme: '',
      path: 'web.shop.svc.cluster.local:80',
      contextToken: '{"ns":"shop"}',
    });
    for (const message of [remove('10.0.0.9'), add('10.0.0.1'), add('10.0.0.2'), remove('10.0.0.1')]) {
      streams[0]!.send(message);
    }
    await vi.waitFor(() => expect(seen).toEqual(['reset 10.0.0.1', 'add 10.0.0.2', 'remove 10.0.0.1']));
    await cable.cut();
    await vi.waitFor(() => expect(channel.isConnected).toBe(false));
    await vi.waitFor(() => expect(render()).toContain('control_discovery_connected{client="destination"} 0'));
    await delay(200);
    expect(seen).toHaveLength(3);
    await cable.restore();
    await vi.waitFor(() => expect(streams).toHaveLength(2), { timeout: 3000 });
    streams[1]!.send(add('10.0.0.3'));
    await vi.waitFor(() => expect(seen.at(-1)).toBe('reset 10.0.0.3'));
    expect(render()).toContain('control_discovery_connected{client="destination"} 1');
    watch.close();
    await vi.waitFor(() => expect(streams[1]!.closed).toBe(true));
  });

  it('says in metrics and in the log that nobody answers, also while nothing is watched any more', async () => {
    const { destinations, cable, channel, render, lines } = await setUp({ get: () => {} });
    await cable.cut();
    const connected = (value: number) => `control_discovery_connected{client="destination"} ${value}`;
    const watch = destinations.watchEndpoints('web:80', () => {});
    await vi.waitFor(() => expect(channel.isConnected).toBe(false));
    expect(render()).toContain(connected(0));
    watch.close();
    expect(render()).toContain(connected(0));
    const again = destinations.watchEndpoints('web:80', () => {});
    await delay(300);
    // It tries more often than it says so.
    expect(lines.filter((line) => line.includes('Failed to connect'))).toHaveLength(1);
    expect(lines.join()).toMatch(/Failed to connect.*destination.*localhost\.:\d+.*ECONNREFUSED/);
    await cable.restore();
    await vi.waitFor(() => expect(render()).toContain(connected(1)), { timeout: 3000 });
    expect(lines.join()).toContain('Connected again');
    again.close();
  });

  it('says why, where a service that is reached fails', async () => {
    const { destinations, lines } = await setUp({
      get: (_, stream) => stream.fail(new GrpcError(GrpcStatus.Unavailable, 'not today')),
    });
    const watch = destinations.watchEndpoints('web:80', () => {});
    await vi.waitFor(() => expect(lines.join()).toMatch(/Discovery interrupted.*destination.*not today/));
    watch.close();
  });

  it.each([GrpcStatus.NotFound, GrpcStatus.Unavailable, GrpcStatus.Internal])(
    'asks again after status %s',
    async (code) => {
      let calls = 0;
      const { destinations } = await setUp({
        get(_, stream) {
          calls++;
          if (calls < 3) stream.fail(new GrpcError(code, 'no'));
          else stream.send(add('10.0.0.1'));
        },
      });
      const seen: string[] = [];
      const watch = destinations.watchEndpoints('web:80', (update) => seen.push(describeUpdate(update)));
      await vi.waitFor(() => expect(seen).toEqual(['reset 10.0.0.1']));
      watch.close();
    },
  );
});

describe('watchProfile()', () => {
  it('asks for addresses within the profile networks only', async () => {
    const asked: string[] = [];
    const { destinations } = await setUp({
      getProfile({ path }, stream) {
        asked.push(path);
        stream.send(create(destination.DestinationProfileSchema, { fullyQualifiedName: 'web' }));
      },
    });
    const seen: (Profile | undefined)[] = [];
    for (const host of ['192.168.0.1', '10.1.2.3', 'fd00::1']) {
      const watch = destinations.watchProfile({ host, port: 80 }, (profile) => seen.push(profile));
      const { length } = seen;
      await vi.waitFor(() => expect(seen).toHaveLength(length + 1));
      watch.close();
    }
    expect(asked).toEqual(['10.1.2.3:80', '[fd00::1]:80']);
    expect(seen.map((profile) => profile?.fullyQualifiedName)).toEqual([undefined, 'web', 'web']);
  });

  it('asks for names with a profile suffix only; one that is not found has none, until it is', async () => {
    const asked: string[] = [];
    const { destinations } = await setUp({
      getProfile({ path }, stream) {
        asked.push(path);
        if (asked.length === 1) throw new GrpcError(GrpcStatus.NotFound, 'no');
        stream.send(create(destination.DestinationProfileSchema, { fullyQualifiedName: 'web' }));
      },
    });
    const seen: (string | undefined)[] = [];
    const listener = (profile: Profile | undefined) => seen.push(profile?.fullyQualifiedName);
    destinations.watchProfile({ host: 'web.example', port: 80 }, listener);
    await vi.waitFor(() => expect(seen).toEqual([undefined]));
    expect(asked).toEqual([]);
    const watch = destinations.watchProfile({ host: 'web.shop.svc.cluster.local', port: 80 }, listener);
    await vi.waitFor(() => expect(seen).toEqual([undefined, undefined, 'web']));
    watch.close();
  });

  it('has none where it is refused, and does not ask again', async () => {
    let calls = 0;
    const { destinations } = await setUp({
      getProfile() {
        calls++;
        throw new GrpcError(GrpcStatus.InvalidArgument, 'no');
      },
    });
    const profile = await new Promise((resolve) =>
      destinations.watchProfile({ host: '10.0.0.1', port: 80 }, resolve),
    );
    expect(profile).toBeUndefined();
    await delay(100);
    expect(calls).toBe(1);
  });
});

const named = (name: string) => ({ kind: { case: 'default', value: name } }) as const;
const OPAQUE: MessageInitShape<typeof outbound.OutboundPolicySchema> = {
  metadata: named('parent'),
  protocol: { kind: { case: 'opaque', value: {} } },
};

describe('watchPolicy()', () => {
  it('follows the policy of an address', async () => {
    const requests: outbound.TrafficSpec[] = [];
    const { policies, lines } = await setUp({
      watch(request, stream) {
        requests.push(request);
        stream.send(create(outbound.OutboundPolicySchema, OPAQUE));
        stream.send(create(outbound.OutboundPolicySchema, { metadata: named('parent') }));
      },
    });
    const seen: (ClientPolicy | undefined)[] = [];
    const watch = policies.watchPolicy(
      { host: '10.0.0.1', port: 80 },
      (policy) => seen.push(policy),
      expect.fail,
    );
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    watch.close();
    expect(requests[0]).toMatchObject({
      sourceWorkload: '{"ns":"shop","pod":"p"}',
      target: { case: 'addr', value: { port: 80 } },
    });
    expect(seen[0]).toMatchObject({ parent: { name: 'parent' }, protocol: { kind: 'opaque' } });
    expect(seen[1]?.protocol).toMatchObject({
      kind: 'detect',
      http1: { routes: [{ rules: [{ failure: { status: 500 } }] }] },
      opaque: { route: { verdict: 'invalid' } },
    });
    expect(lines.join()).toMatch(/invalid client policy configuration.*the protocol of a policy is missing/);
  });

  it.each([GrpcStatus.NotFound, GrpcStatus.Unimplemented])('has none after status %s', async (code) => {
    const { policies } = await setUp({ watch: (_, stream) => stream.fail(new GrpcError(code, 'no')) });
    const policy = await new Promise((resolve, reject) =>
      policies.watchPolicy({ host: '10.0.0.1', port: 80 }, resolve, reject),
    );
    expect(policy).toBeUndefined();
  });

  it.each([GrpcStatus.InvalidArgument, GrpcStatus.FailedPrecondition])(
    'is an error after status %s',
    async (code) => {
      const { policies } = await setUp({ watch: (_, stream) => stream.fail(new GrpcError(code, 'no')) });
      const message = await new Promise((resolve) =>
        policies.watchPolicy({ host: '10.0.0.1', port: 80 }, () => expect.fail(), resolve),
      );
      expect(message).toBe('the policy of 10.0.0.1:80 was refused: no');
    },
  );
});

const SERVER: MessageInitShape<typeof inbound.ServerSchema> = {
  labels: { kind: 'default', group: '', name: 'all-unauthenticated' },
  protocol: { kind: { case: 'detect', value: { timeout: toDuration(10_000) } } },
  authorizations: [
    {
      networks: [{ net: toIpNetwork('0.0.0.0/0')! }],
      authentication: { permit: { case: 'unauthenticated', value: {} } },
      metadata: named('all-unauthenticated'),
    },
  ],
};

describe('watchServer()', () => {
  it('follows the policy of a port; one that cannot be used makes requests fail', async () => {
    const requests: inbound.PortSpec[] = [];
    const { policies, lines } = await setUp({
      watchPort(request, stream) {
        requests.push(request);
        stream.send(create(inbound.ServerSchema, SERVER));
        stream.send(create(inbound.ServerSchema, { labels: { name: 'x' } }));
      },
    });
    const seen: ServerPolicy[] = [];
    const watch = policies.watchServer(8080, (policy) => seen.push(policy));
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    watch.close();
    expect(requests[0]).toMatchObject({ workload: '{"ns":"shop","pod":"p"}', port: 8080 });
    expect(seen[0]).toMatchObject({ meta: { name: 'all-unauthenticated' }, protocol: { kind: 'detect' } });
    expect(seen[1]).toMatchObject({
      protocol: {
        kind: 'detect',
        timeoutMs: 10_000,
        routes: [{ rules: [{ filters: [{ kind: 'unknown' }] }] }],
      },
    });
    expect(lines.join()).toContain('invalid server policy configuration');
  });

  it.each([
    [GrpcStatus.InvalidArgument, 1],
    [GrpcStatus.FailedPrecondition, 1],
    [GrpcStatus.NotFound, 2],
    [GrpcStatus.Ok, 2],
  ])('after status %s has made %i calls or more', async (code, calls) => {
    let count = 0;
    const { policies } = await setUp({
      watchPort(_, stream) {
        count++;
        if (code === GrpcStatus.Ok) stream.end();
        else stream.fail(new GrpcError(code, 'no'));
      },
    });
    const watch = policies.watchServer(8080, () => expect.fail());
    await delay(150);
    watch.close();
    if (calls === 1) expect(count).toBe(1);
    else expect(count).toBeGreaterThanOrEqual(calls);
  });
});
