import type { Pod } from '#lib/resources';
import { containerOf, type LocalMesh, netnsOf } from '../../integration/mesh/local-mesh.ts';
import { STEADY, TRAFFIC } from '../manifests.ts';
import type { Insight } from '../pods/inspect.ts';
import type { Point } from '../trend.ts';
import { type InsightReader, readInsights } from './insights.ts';
import { readProcessFigures } from './process-figures.ts';

const PERIOD_MS = 5000;
const PROXY = 'linkerd-proxy';
/** Whose proxies are measured: those that are never killed. */
const MEASURED = [TRAFFIC, STEADY.name, 'linkerd-destination', 'linkerd-identity'];
const MEGABYTE = 1_000_000;

export const FIGURES = [
  'anonymous MB',
  'heap MB',
  'buffers MB',
  'descriptors',
  'timers',
  'handles',
  'series',
] as const;
export type Figure = (typeof FIGURES)[number];

/** All that was measured of one proxy. */
export interface Measured {
  readonly pod: string;
  readonly points: Readonly<Record<Figure, readonly Point[]>>;
  readonly renewals: number;
  /** Why it is not measured any more. */
  readonly lost: string | undefined;
}

export interface Sampler {
  readonly measured: () => readonly Measured[];
  stop(): void;
}

/** Measures proxies of the mesh from now on. */
export function startSampler(mesh: LocalMesh): Sampler {
  const pods = MEASURED.flatMap((prefix) => mesh.pods(prefix));
  const proxies = pods.map((pod) => new MeasuredProxy(mesh, pod));
  const timer = setInterval(() => {
    for (const proxy of proxies) proxy.sample();
  }, PERIOD_MS);
  return {
    measured: () => proxies,
    stop() {
      clearInterval(timer);
      for (const proxy of proxies) proxy.stop();
    },
  };
}

class MeasuredProxy implements Measured {
  readonly pod: string;
  readonly points: Record<Figure, Point[]>;
  renewals = 0;
  lost: string | undefined;
  readonly #pid: number;
  readonly #insights: InsightReader;
  #isStopped = false;

  constructor(mesh: LocalMesh, pod: Pod) {
    this.pod = pod.metadata.name;
    this.points = Object.fromEntries(FIGURES.map((figure) => [figure, []])) as unknown as Record<
      Figure,
      Point[]
    >;
    this.#pid = containerOf(pod, PROXY).pid ?? 0;
    const process = { pid: this.#pid, netns: netnsOf(mesh, pod), periodMs: PERIOD_MS };
    this.#insights = readInsights(process, (reason) => {
      if (!this.#isStopped) this.lost ??= `nobody can look into it any more: ${reason}`;
    });
  }

  sample(): void {
    const figures = readProcessFigures(this.#pid);
    if (figures === undefined) {
      this.lost ??= 'its process is gone';
      return;
    }
    this.#add('anonymous MB', figures.anonymousBytes / MEGABYTE);
    this.#add('descriptors', figures.descriptors);
    const insight = this.#insights.last();
    if (insight !== undefined) this.#addInsight(insight);
  }

  #addInsight(insight: Insight): void {
    this.#add('heap MB', insight.heapBytes / MEGABYTE);
    this.#add('buffers MB', insight.bufferBytes / MEGABYTE);
    this.#add('timers', insight.timers);
    this.#add('handles', insight.handles);
    this.#add('series', insight.series);
    this.renewals = insight.renewals;
  }

  #add(figure: Figure, value: number): void {
    this.points[figure].push({ atMs: performance.now(), value });
  }

  stop(): void {
    this.#isStopped = true;
    this.#insights.stop();
  }
}
