import type { CounterSeries, GaugeSeries, HistogramSeries, Labels } from '#lib/telemetry';
import type { BalancerFamilies } from './families.ts';

const UPDATE_OPS = { reset: 'Reset', add: 'Add', remove: 'Remove' } as const;

/** The metrics of one balancer. */
export class BalancerSeries {
  readonly queueLength: GaugeSeries;
  readonly queueRequests: CounterSeries;
  readonly queueSeconds: HistogramSeries;
  readonly gateOpen: CounterSeries;
  readonly gateShut: CounterSeries;
  readonly gateOpenTime: GaugeSeries;
  readonly gateShutTime: GaugeSeries;
  readonly gateTimeout: GaugeSeries;
  readonly #families: BalancerFamilies;
  readonly #labels: Labels;

  constructor(families: BalancerFamilies, labels: Labels) {
    this.#families = families;
    this.#labels = labels;
    this.queueLength = families.queueLength.with(labels);
    this.queueRequests = families.queueRequests.with(labels);
    this.queueSeconds = families.queueSeconds.with(labels);
    this.gateOpen = families.gateOpen.with(labels);
    this.gateShut = families.gateShut.with(labels);
    this.gateOpenTime = families.gateOpenTime.with(labels);
    this.gateShutTime = families.gateShutTime.with(labels);
    this.gateTimeout = families.gateTimeout.with(labels);
    this.setEndpoints(0, 0);
  }

  setEndpoints(ready: number, pending: number): void {
    this.#families.endpoints.with({ endpoint_state: 'ready', ...this.#labels }).set(ready);
    this.#families.endpoints.with({ endpoint_state: 'pending', ...this.#labels }).set(pending);
    this.#families.p2cEndpoints.with(this.#labels).set(ready + pending);
  }

  countUpdate(kind: keyof typeof UPDATE_OPS): void {
    this.#families.updates.with({ op: UPDATE_OPS[kind], ...this.#labels }).inc();
  }
}
