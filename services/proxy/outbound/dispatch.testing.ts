import { type Random, seededRandom } from '#lib/base';
import { createLogger } from '#lib/telemetry';
import { type DirectionConfig, readProxyConfig } from '../config.ts';
import { InFlight } from '../http/in-flight.ts';
import { createFamilies, type Families } from '../metrics/families.ts';
import { TcpTracker } from '../metrics/tcp-series.ts';
import { defaultMeta, type PolicyMeta } from '../policy/metadata.ts';
import { bareEndpoint } from './default-policy.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { Endpoint } from './endpoint.ts';

/** A clock that a test moves. */
export class TestClock {
  ms = 1_000_000;
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
}

/** The defaults of a direction, with changes. */
export function directionConfig(changes: Partial<DirectionConfig> = {}): DirectionConfig {
  const variables = {
    IDENTITY_TRUST_ANCHORS: 'x',
    IDENTITY_TOKEN_FILE: '/token',
    IDENTITY_LOCAL_NAME: 'web.shop',
    IDENTITY_SVC_ADDR: 'localhost.:1',
    DESTINATION_SVC_ADDR: 'localhost.:1',
    POLICY_SVC_ADDR: 'localhost.:1',
    POLICY_WORKLOAD: 'web',
  };
  const env = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [`LINKERD2_PROXY_${name}`, value]),
  );
  return { ...readProxyConfig(env).outbound, ...changes };
}

export interface TestContext extends OutboundContext {
  readonly clock: TestClock;
  readonly families: Families;
  readonly lines: string[];
}

export function createTestContext(
  changes: Partial<OutboundContext> & { config?: DirectionConfig } = {},
): TestContext {
  const lines: string[] = [];
  const random: Random = seededRandom(7);
  return {
    config: directionConfig(),
    families: createFamilies(),
    tracker: new TcpTracker(),
    random,
    log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
    localIps: new Set(['10.9.9.9']),
    informationalHeaders: true,
    hostnameLabels: false,
    tracer: undefined,
    inFlight: new InFlight(100_000),
    currentTls() {
      throw new Error('no TLS in this test');
    },
    ...changes,
    clock: new TestClock(),
    lines,
  };
}

export function endpointAt(host: string, changes: Partial<Endpoint> = {}): Endpoint {
  return { ...bareEndpoint({ host, port: 80 }), ...changes };
}

export function serviceMeta(name: string): PolicyMeta {
  return { ...defaultMeta(name), kind: 'Service', group: 'core', namespace: 'shop', port: 80 };
}

/** The samples of a metric, by their labels as they are written. */
export function samplesOf(families: Families, metric: string): Record<string, number> {
  const text = families.legacy.render() + families.modern.render();
  const samples: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const match = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] === metric) samples[match[2] ?? ''] = Number(match[3]);
  }
  return samples;
}

/** All samples of a metric, added. */
export function totalOf(families: Families, metric: string): number {
  return Object.values(samplesOf(families, metric)).reduce((sum, value) => sum + value, 0);
}
