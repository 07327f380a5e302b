import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Registry } from '#lib/telemetry';

const BOUNDS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 60, 120];

/** Records how long a change of an object of this kind took to be seen, in seconds. */
export type LagRecorder = (seconds: number) => void;

/**
 * Registers `<plural>_informer_lag_seconds`. Source: facts sheet control-plane, "Metrics".
 */
export function createLagRecorder(registry: Registry, kind: ResourceKind<KubeObject>): LagRecorder {
  // Upstream spells this one name in the singular, and dashboards know it so.
  const plural = kind.plural === 'externalworkloads' ? 'externalworkload' : kind.plural;
  const histogram = registry
    .histogram(
      `${plural}_informer_lag_seconds`,
      `The amount of time between when a ${kind.kind} resource is updated and when an informer observes it`,
      [],
      BOUNDS_SECONDS,
    )
    .with({});
  return (seconds) => histogram.observe(Math.max(0, seconds));
}
