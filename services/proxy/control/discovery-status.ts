import { type Clock, systemClock } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { Families } from '../metrics/families.ts';
import { Outage } from './connection/outage.ts';

/** How one stream is doing. */
export interface StreamStatus {
  /** Down from a failure until the call is made again; the reason is that of the failure. */
  up(): void;
  down(reason: string): void;
  sawMessage(): void;
  /** The stream is over and counts no more. */
  remove(): void;
}

/** The streams to one control-plane service, as two gauges that tell how fresh what we know is (design D11). */
export interface DiscoveryStatus {
  /** False while there is no way to the service, or a stream has failed: it may be away behind a proxy that is there. */
  readonly isUp: boolean;
  setReachable(isReachable: boolean): void;
  add(): StreamStatus;
}

export interface DiscoveryStatusOptions {
  readonly client: string;
  readonly families: Pick<Families, 'discoveryFreshness' | 'discoveryConnected'>;
  readonly log: Logger;
  readonly clock?: Clock;
}

export function createDiscoveryStatus(options: DiscoveryStatusOptions): DiscoveryStatus {
  const { client, families, log, clock = systemClock } = options;
  const freshness = families.discoveryFreshness.with({ client });
  const connected = families.discoveryConnected.with({ client });
  const text = { failed: 'Discovery interrupted', over: 'Discovery restored' };
  const outage = new Outage({ log, text, fields: { service: client }, clock });
  let downCount = 0;
  let isReachable = true;
  const isUp = () => isReachable && downCount === 0;
  const tell = () => {
    connected.set(isUp() ? 1 : 0);
    if (isUp()) outage.end();
  };
  tell();
  const add = (): StreamStatus => {
    let isDown = false;
    const up = () => {
      if (!isDown) return;
      isDown = false;
      downCount--;
      tell();
    };
    const down = (reason: string) => {
      // Whoever connects says itself that it cannot.
      if (isReachable) outage.failed(reason);
      if (isDown) return;
      isDown = true;
      downCount++;
      tell();
    };
    return { up, down, sawMessage: () => freshness.set(clock.now() / 1000), remove: up };
  };
  return {
    get isUp() {
      return isUp();
    },
    setReachable(value) {
      isReachable = value;
      tell();
    },
    add,
  };
}
