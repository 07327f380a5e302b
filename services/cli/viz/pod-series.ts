import type { MeshPod } from '../mesh/mesh-pod.ts';
import type { Series } from '../metrics/series.ts';

/** What one meshed pod's proxy counted between two readings. */
export interface PodSeries {
  readonly pod: MeshPod;
  /** The time between the readings. */
  readonly seconds: number;
  readonly series: readonly Series[];
}
