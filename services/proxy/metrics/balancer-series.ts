import {
  type CounterSeries,
  type GaugeSeries,
  type HistogramSeries,
  type Labels,
  renderLabels,
} from '#lib/telemetry';
import type { BalancerFamilies } from './families.ts';

const UPDATE_OPS = { reset: 'Reset', add: 'Add', remove: 'Remove' } as const;

/** One balancer's part of a gauge: those of HTTP/1 and of HTTP/2 to the same backend have their labels in common. */
class GaugeShare {
  readonly #gauge: GaugeSeries;
  #value = 0;

  constructor(gauge: GaugeSeries) {
    this.#gauge = gauge;
  }

  set(value: number): void {
    this.#gauge.inc(value - this.#value);
    this.#value = value;
  }
}

/** The metrics of one balancer; they live as long as it does. */
export class BalancerSeries {
  readonly queueLength: GaugeShare;
  readonly queueRequests: CounterSeries;
  readonly queueSeconds: HistogramSeries;
  readonly gateOpen: CounterSeries;
  readonly gateShut: CounterSeries;
  readonly gateOpenTime: GaugeSeries;
  readonly gateShutTime: GaugeSeries;
  readonly gateTimeout: GaugeSeries;
  readonly #ready: GaugeShare;
  readonly #pending: GaugeShare;
  readonly #all: GaugeShare;
  readonly #updates: Partial<Record<keyof typeof UPDATE_OPS, CounterSeries>> = {};
  readonly #families: BalancerFamilies;
  readonly #labels: Labels;

  constructor(families: BalancerFamilies, labels: Labels) {
    this.#families = families;
    this.#labels = labels;
    const text = renderLabels(labels);
    this.queueLength = new GaugeShare(families.queueLength.withRendered(text));
    this.queueRequests = families.queueRequests.withRendered(text);
    this.queueSeconds = families.queueSeconds.withRendered(text);
    this.gateOpen = families.gateOpen.withRendered(text);
    this.gateShut = families.gateShut.withRendered(text);
    this.gateOpenTime = families.gateOpenTime.withRendered(text);
    this.gateShutTime = families.gateShutTime.withRendered(text);
    this.gateTimeout = families.gateTimeout.withRendered(text);
    const endpoints = (state: string) =>
      new GaugeShare(families.endpoints.with({ endpoint_state: state, ...labels }));
    this.#ready = endpoints('ready');
    this.#pending = endpoints('pending');
    this.#all = new GaugeShare(families.p2cEndpoints.withRendered(text));
  }

  setEndpoints(ready: number, pending: number): void {
    this.#ready.set(ready);
    this.#pending.set(pending);
    this.#all.set(ready + pending);
  }

  countUpdate(kind: keyof typeof UPDATE_OPS): void {
    this.#updates[kind] ??= this.#families.updates.with({ op: UPDATE_OPS[kind], ...this.#labels });
    this.#updates[kind].inc();
  }
}
