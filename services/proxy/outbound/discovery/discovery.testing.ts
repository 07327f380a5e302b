import { systemClock } from '#lib/base';
import type { OutboundDiscovery, Watch } from '../../control/discovery-api.ts';
import { formatAddress } from '../../transport/address.ts';
import { BalancerCache } from '../balancer-cache.ts';
import { bareEndpoint } from '../default-policy.ts';
import { createTestContext, directionConfig, type TestContext } from '../dispatch.testing.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import type { TargetRouting } from './target.ts';
import { TargetCache } from './target-cache.ts';

/** Local, and none of the loopback addresses that the outbound proxy refuses to dial. */
const HERE = '0.0.0.0';
const watch: Watch = { close() {} };

/** Slow machines connect slowly. */
const CONNECT = { timeoutMs: 5000, keepAliveMs: 0, userTimeoutMs: 0 };

export interface KnownDestinations {
  /** The port on this machine that `host:port` leads to; an unknown one has neither profile nor policy. */
  readonly ports: Readonly<Record<string, number>>;
  readonly isOpaque?: boolean;
  /** How the profiles of some split what is sent there. */
  readonly splits?: Readonly<Record<string, readonly { readonly path: string; readonly weight: number }[]>>;
  /** Answers only when called for. */
  readonly isSlow?: boolean;
  readonly context?: Partial<OutboundContext>;
}

export interface TestTargets {
  readonly targets: TargetCache;
  readonly context: TestContext;
  /** What was asked for, in order. */
  readonly asked: string[];
  /** Gives the answers that wait. */
  answer(): void;
}

/** Targets whose discovery knows some destinations by their profile: a Service with one endpoint each. */
export function createTestTargets(known: KnownDestinations, routing: TargetRouting = 'policy'): TestTargets {
  const config = directionConfig({ connect: CONNECT });
  const context: TestContext = {
    ...createTestContext({ config, ...known.context }),
    // Sockets do not wait for a clock that somebody moves.
    clock: Object.assign(createTestContext().clock, { monotonic: () => systemClock.monotonic() }),
  };
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const tell = (answer: () => void) => (known.isSlow ? void waiting.push(answer) : void setImmediate(answer));
  const discovery: OutboundDiscovery = {
    watchProfile(address, listener) {
      const key = formatAddress(address);
      asked.push(key);
      const isKnown = known.ports[key] !== undefined;
      const profile = {
        opaque: known.isOpaque ?? false,
        fullyQualifiedName: address.host,
        endpoint: undefined,
        dstOverrides: (known.splits?.[key] ?? []).map((split) => ({ ...split, meta: undefined })),
      };
      tell(() => listener(isKnown ? profile : undefined));
      return watch;
    },
    watchPolicy(_address, listener) {
      tell(() => listener(undefined));
      return watch;
    },
    watchEndpoints(path, listener) {
      const endpoint = bareEndpoint({ host: HERE, port: known.ports[path] ?? 0 });
      setImmediate(() => listener({ kind: 'reset', endpoints: [endpoint] }));
      return watch;
    },
    isConnected: () => true,
  };
  const balancers = new BalancerCache(context, discovery);
  return {
    targets: new TargetCache(context, discovery, { balancers, routing }),
    context,
    asked,
    answer() {
      for (const answer of waiting.splice(0)) answer();
    },
  };
}
