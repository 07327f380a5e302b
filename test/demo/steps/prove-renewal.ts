import { setTimeout as sleep } from 'node:timers/promises';
import { readChain } from '../certificate.ts';
import { type Counters, readCounters, subtractCounters } from '../generator.ts';
import type { DemoMesh } from '../mesh.ts';
import { type ProxyTotals, readProxyTotals, subtractTotals } from '../proxy-totals.ts';
import type { Report } from '../report.ts';

const REQUESTS_MIN = 10_000;
const CONNECTIONS_MIN = 100;
/** Of these so many at least come after the renewal. */
const AFTER_SHARE = 0.1;
const POLL_MS = 250;
const TIMEOUT_MS = 60_000;

/** Where everything stood at one moment. */
interface Moment {
  readonly counters: Counters;
  readonly proxy: ProxyTotals;
  /** The serial numbers of the certificates of web and of traffic. */
  readonly serials: readonly [string, string];
}

export interface RenewalWatch {
  /** Waits until certificates were renewed under enough load, and reports what happened since the watch began. */
  prove(report: Report): Promise<void>;
}

/** Begins to watch: everything from here to the end of `prove` counts. */
export async function watchRenewal(mesh: DemoMesh): Promise<RenewalWatch> {
  const begin = await readMoment(mesh);
  // Reads serials only, to see the moment of the renewal while other steps go on.
  const renewal = awaitRenewal(mesh, begin);
  renewal.catch(() => {});
  return {
    async prove(report) {
      const atRenewal = await renewal;
      const end = await awaitLoad(mesh, begin, atRenewal);
      reportRenewal({ begin, atRenewal, end }, report);
    },
  };
}

async function readMoment(mesh: DemoMesh): Promise<Moment> {
  const serials = await readSerials(mesh);
  return {
    serials,
    proxy: await readProxyTotals('traffic'),
    counters: await readCounters(mesh.pods.traffic),
  };
}

async function readSerials({ pods, trustAnchorsFile }: DemoMesh): Promise<readonly [string, string]> {
  const [web, traffic] = await Promise.all([
    readChain(pods.web, trustAnchorsFile),
    readChain(pods.traffic, trustAnchorsFile),
  ]);
  return [web.serial, traffic.serial];
}

/** The first moment at which both ends have new certificates; undefined when that takes too long. */
async function awaitRenewal(mesh: DemoMesh, begin: Moment): Promise<Counters | undefined> {
  const endMs = performance.now() + TIMEOUT_MS;
  while (performance.now() < endMs) {
    // A proxy that does not answer has not renewed; whether requests failed meanwhile, the counters tell.
    const serials = await readSerials(mesh).catch(() => begin.serials);
    if (serials.every((serial, index) => serial !== begin.serials[index]))
      return readCounters(mesh.pods.traffic);
    await sleep(POLL_MS);
  }
  return undefined;
}

async function awaitLoad(mesh: DemoMesh, begin: Moment, atRenewal: Counters | undefined): Promise<Moment> {
  const endMs = performance.now() + TIMEOUT_MS;
  while (atRenewal !== undefined && performance.now() < endMs) {
    const counters = await readCounters(mesh.pods.traffic);
    const whole = subtractCounters(counters, begin.counters);
    const after = subtractCounters(counters, atRenewal);
    if (hasLoad(whole, 1) && hasLoad(after, AFTER_SHARE)) break;
    await sleep(POLL_MS);
  }
  return readMoment(mesh);
}

function hasLoad({ ok, newConnections }: Counters, share: number): boolean {
  return ok >= REQUESTS_MIN * share && newConnections >= CONNECTIONS_MIN * share;
}

interface Moments {
  readonly begin: Moment;
  readonly atRenewal: Counters | undefined;
  readonly end: Moment;
}

function reportRenewal({ begin, atRenewal, end }: Moments, report: Report): void {
  const whole = subtractCounters(end.counters, begin.counters);
  const after = atRenewal === undefined ? undefined : subtractCounters(end.counters, atRenewal);
  const proxy = subtractTotals(end.proxy, begin.proxy);
  const failures = whole.failed === 0 ? '' : ` (since its start: ${JSON.stringify(whole.failures)})`;
  report.prove({
    title: 'the certificates of both ends were renewed under load, and no request failed',
    holds:
      after !== undefined &&
      hasLoad(whole, 1) &&
      hasLoad(after, AFTER_SHARE) &&
      whole.failed === 0 &&
      proxy.failures === 0 &&
      proxy.connections >= CONNECTIONS_MIN &&
      proxy.renewals > 0,
    figures: [
      ...['web', 'traffic'].map(
        (name, index) => `serial of ${name} before: ${begin.serials[index]}, after: ${end.serials[index]}`,
      ),
      `requests across the renewal: ${whole.ok}, of which ${after?.ok ?? 0} after it (at least ${REQUESTS_MIN})`,
      `new connections across it: ${whole.newConnections}, of which ${after?.newConnections ?? 0} after it (at least ${CONNECTIONS_MIN})`,
      `failed: ${whole.failed}${failures}`,
      `traffic's proxy counted ${proxy.responses} responses, ${proxy.failures} of them failures, ${proxy.connections} connections of its application, and ${proxy.renewals} renewals`,
    ],
  });
}
