import { type Clock, systemClock } from '#lib/base';
import type { Families } from '../metrics/families.ts';

/** How one stream is doing. */
export interface StreamStatus {
  /** False from a failure until the call is made again. */
  set(isUp: boolean): void;
  sawMessage(): void;
  /** The stream is over and counts no more. */
  remove(): void;
}

/** The streams to one control-plane service, as two gauges that tell how fresh what we know is (design D11). */
export interface DiscoveryStatus {
  /** False while a stream has failed: the service may be away behind a proxy that is there. */
  readonly isUp: boolean;
  add(): StreamStatus;
}

export function createDiscoveryStatus(
  client: string,
  families: Pick<Families, 'discoveryFreshness' | 'discoveryConnected'>,
  clock: Clock = systemClock,
): DiscoveryStatus {
  const freshness = families.discoveryFreshness.with({ client });
  const connected = families.discoveryConnected.with({ client });
  let downCount = 0;
  connected.set(1);
  return {
    get isUp() {
      return downCount === 0;
    },
    add() {
      let isDown = false;
      const set = (isUp: boolean) => {
        if (isDown === !isUp) return;
        isDown = !isUp;
        downCount += isDown ? 1 : -1;
        connected.set(downCount === 0 ? 1 : 0);
      };
      return { set, sawMessage: () => freshness.set(clock.now() / 1000), remove: () => set(true) };
    },
  };
}
