import { type Clock, type Millis, systemClock } from '#lib/base';
import type { ServerPolicy } from '../inbound/server-policy.ts';
import type { ClientPolicy } from '../outbound/client-policy.ts';
import type { Endpoint, EndpointsUpdate, Profile } from '../outbound/endpoint.ts';
import { formatAddress } from '../transport/address.ts';
import type { InboundDiscovery, OutboundDiscovery, Watch } from './discovery-api.ts';

/** How long the control plane may take to answer before what was known stands in. */
const ANSWER_MS: Millis = 1000;
/** What nobody watches any more is remembered for so long, times without a control plane left out … */
const MAX_AGE_MS: Millis = 600_000;
/** … and of each kind so much. */
const MAX_ENTRIES = 1000;

/** How exactly such times are known. */
const TICK_MS: Millis = 10_000;

type Discovery = OutboundDiscovery & InboundDiscovery;

/**
 * Remembers for a while what was last said of what nobody watches any more, and says it again where the control plane
 * does not answer a new watch: traffic to where an app goes only now and then survives an outage too (design D11). A
 * real answer replaces it, whenever it comes. Peers still have to prove who they are.
 */
export function rememberDiscovery(discovery: Discovery, clock: Clock = systemClock): Discovery {
  const { profiles, policies, endpoints, servers } = createMemories(measureConnected(discovery, clock));
  const answerMs = () => (discovery.isConnected() ? ANSWER_MS : 0);
  return {
    isConnected: () => discovery.isConnected(),
    watchProfile: (address, listener) =>
      watchRemembered(profiles.at(formatAddress(address)), {
        answerMs: answerMs(),
        open: (know) =>
          discovery.watchProfile(address, (profile) => {
            know({ profile });
            listener(profile);
          }),
        recall: ({ profile }) => listener(profile),
      }),
    watchPolicy: (address, listener, onError) =>
      watchRemembered(policies.at(formatAddress(address)), {
        answerMs: answerMs(),
        open: (know) =>
          discovery.watchPolicy(
            address,
            (policy) => {
              know({ policy });
              listener(policy);
            },
            (message) => {
              know(undefined);
              onError(message);
            },
          ),
        recall: ({ policy }) => listener(policy),
      }),
    watchEndpoints: (path, listener) =>
      watchRemembered(endpoints.at(path), {
        answerMs: answerMs(),
        open(know) {
          const known = new Map<string, Endpoint>();
          return discovery.watchEndpoints(path, (update) => {
            applyUpdate(known, update);
            know([...known.values()]);
            listener(update);
          });
        },
        recall: (all) => listener({ kind: 'reset', endpoints: all }),
      }),
    watchServer: (port, listener) =>
      watchRemembered(servers.at(`${port}`), {
        // The default policy that holds until then may admit more.
        answerMs: 0,
        open: (know) =>
          discovery.watchServer(port, (policy) => {
            know(policy);
            listener(policy);
          }),
        recall: listener,
      }),
  };
}

function createMemories(nowMs: () => Millis) {
  return {
    profiles: new Memory<{ readonly profile: Profile | undefined }>(nowMs),
    policies: new Memory<{ readonly policy: ClientPolicy | undefined }>(nowMs),
    endpoints: new Memory<readonly Endpoint[]>(nowMs),
    servers: new Memory<ServerPolicy>(nowMs),
  };
}

/** Tells for how long the control plane has been there, all in all: a clock that stands still while it is away. */
function measureConnected(discovery: Pick<Discovery, 'isConnected'>, clock: Clock): () => Millis {
  let connectedMs = 0;
  let lookedMs = clock.monotonic();
  const look = () => {
    const nowMs = clock.monotonic();
    if (discovery.isConnected()) connectedMs += nowMs - lookedMs;
    lookedMs = nowMs;
    return connectedMs;
  };
  setInterval(look, TICK_MS).unref();
  return look;
}

interface RememberedWatch<T> {
  readonly answerMs: Millis;
  /** Watches; `know` is told what is known from now on, undefined for nothing that should be remembered. */
  open(know: (value: T | undefined) => void): Watch;
  /** Passes on what was remembered. */
  recall(value: T): void;
}

function watchRemembered<T>(place: MemoryPlace<T>, options: RememberedWatch<T>): Watch {
  let known: T | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watch = options.open((value) => {
    clearTimeout(timer);
    known = value;
  });
  const remembered = place.take();
  if (remembered !== undefined) {
    known = remembered;
    timer = setTimeout(() => options.recall(remembered), options.answerMs);
    timer.unref();
  }
  return {
    close() {
      clearTimeout(timer);
      watch.close();
      if (known !== undefined) place.keep(known);
    },
  };
}

function applyUpdate(known: Map<string, Endpoint>, update: EndpointsUpdate): void {
  if (update.kind === 'remove') {
    for (const address of update.addresses) known.delete(formatAddress(address));
    return;
  }
  if (update.kind === 'reset') known.clear();
  for (const endpoint of update.endpoints) known.set(formatAddress(endpoint.address), endpoint);
}

/** Where one key's value is kept. */
interface MemoryPlace<T> {
  keep(value: T): void;
  /** Undefined where nothing is kept, or for too long. */
  take(): T | undefined;
}

/** The values kept last, each for a while. */
class Memory<T> {
  readonly #nowMs: () => Millis;
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: Millis }>();

  constructor(nowMs: () => Millis) {
    this.#nowMs = nowMs;
  }

  at(key: string): MemoryPlace<T> {
    return {
      keep: (value) => {
        this.#entries.delete(key);
        this.#entries.set(key, { value, untilMs: this.#nowMs() + MAX_AGE_MS });
        const [oldest] = this.#entries.keys();
        if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
      },
      take: () => {
        const entry = this.#entries.get(key);
        this.#entries.delete(key);
        return entry !== undefined && entry.untilMs > this.#nowMs() ? entry.value : undefined;
      },
    };
  }
}
