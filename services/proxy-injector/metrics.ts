import type { Clock } from '#lib/base';
import { INHERITED_ANNOTATIONS, type SkipReason } from '#lib/inject';
import { CONFIG_ANNOTATION_PREFIX } from '#lib/resources';
import { type CounterSeries, type Registry, renderLabels } from '#lib/telemetry';
import type { HttpRefusalReason } from './errors.ts';

/** Every metric that the injector emits. */
export interface ProxyInjectorMetrics {
  readonly registry: Registry;
  /** Counts an admission's request and its answer. */
  countAdmission(admission: CountedAdmission): void;
  observeDuration(durationMs: number): void;
  countRefusal(reason: HttpRefusalReason): void;
  countConfigReload(result: 'updated' | 'refused'): void;
  /** The files of the configuration have been looked at. */
  markConfigLook(): void;
  /** The end of the certificate that is served, in milliseconds since the epoch. */
  setCertificateEnd(notAfterMs: number): void;
  countCertificateChange(change: string): void;
}

export interface CountedAdmission {
  readonly ownerKind: string;
  readonly namespace: string;
  readonly annotationAt: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Empty where a patch was answered: also for the one annotation of a pod without a proxy, as upstream counts. */
  readonly skipReasons: readonly SkipReason[];
}

export interface ProxyInjectorMetricsOptions {
  readonly registry: Registry;
  readonly clock: Clock;
}

const CONFIG_ANNOTATIONS = INHERITED_ANNOTATIONS.filter((key) => key.startsWith(CONFIG_ANNOTATION_PREFIX));
const CONFIG_LABELS: ReadonlySet<string> = new Set(CONFIG_ANNOTATIONS);

/** `config.linkerd.io/proxy-cpu-limit` → `proxy_cpu_limit`. */
const LABELS = [
  'owner_kind',
  'namespace',
  'annotation_at',
  ...CONFIG_ANNOTATIONS.map((key) => key.slice(CONFIG_ANNOTATION_PREFIX.length).replaceAll('-', '_')),
];
/** Users choose the annotations: past this many series their values are left out, and long ones are cut. */
const MAX_SERIES = 5000;
const MAX_LABEL_LENGTH = 100;
const DURATION_BOUNDS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export function createProxyInjectorMetrics(options: ProxyInjectorMetricsOptions): ProxyInjectorMetrics {
  const { registry } = options;
  const admissions = createAdmissionCounters(registry);
  const duration = registry
    .histogram(
      'proxy_injector_admission_duration_seconds',
      'From the head of an admission request to its answer.',
      [],
      DURATION_BOUNDS_SECONDS,
    )
    .with({});
  const refusals = registry.counter(
    'proxy_injector_http_refusals_total',
    'Requests that were no admission reviews.',
    ['reason'],
  );
  const reloads = registry.counter(
    'proxy_injector_config_reloads_total',
    'Changed values or trust roots that were taken over or refused.',
    ['result'],
  );
  const changes = registry.counter(
    'proxy_injector_certificate_changes_total',
    'What happened to the serving certificate and the caBundle.',
    ['change'],
  );
  return {
    registry,
    ...createAges(options),
    countAdmission: admissions,
    observeDuration: (durationMs) => duration.observe(durationMs / 1000),
    countRefusal: (reason) => refusals.with({ reason }).inc(),
    countConfigReload: (result) => reloads.with({ result }).inc(),
    countCertificateChange: (change) => changes.with({ change }).inc(),
  };
}

function createAges({
  registry,
  clock,
}: ProxyInjectorMetricsOptions): Pick<ProxyInjectorMetrics, 'markConfigLook' | 'setCertificateEnd'> {
  const ttl = registry
    .gauge(
      'proxy_injector_certificate_ttl_seconds',
      'Until the serving certificate expires; 0 until there is one.',
    )
    .with({});
  const age = registry
    .gauge('proxy_injector_config_check_age_seconds', 'Since the values and trust roots were last looked at.')
    .with({});
  let endMs = 0;
  let lookedAtMs = clock.monotonic();
  registry.onCollect(() => {
    ttl.set(Math.max(0, endMs - clock.now()) / 1000);
    age.set((clock.monotonic() - lookedAtMs) / 1000);
  });
  return {
    markConfigLook: () => {
      lookedAtMs = clock.monotonic();
    },
    setCertificateEnd: (notAfterMs) => {
      endMs = notAfterMs;
    },
  };
}

function createAdmissionCounters(registry: Registry): (admission: CountedAdmission) => void {
  const requests = registry.counter(
    'proxy_inject_admission_requests_total',
    'Pods and Services that the webhook was asked about.',
    LABELS,
  );
  const responses = registry.counter(
    'proxy_inject_admission_responses_total',
    'What the webhook answered about them.',
    [...LABELS, 'skip', 'skip_reason'],
  );
  const known = new Map<string, AdmissionSeries>();
  const add = (values: readonly string[], skip: string): AdmissionSeries => {
    const labels = renderLabels(
      Object.fromEntries(LABELS.map((label, index) => [label, values[index] ?? ''])),
    );
    const outcome = renderLabels({ skip: String(skip !== ''), skip_reason: skip });
    return {
      requests: requests.withRendered(labels),
      responses: responses.withRendered(`${labels},${outcome}`),
    };
  };
  return ({ ownerKind, namespace, annotationAt, annotations, skipReasons }) => {
    const skip = skipReasons.join(',');
    const shown = known.size >= MAX_SERIES ? [] : readConfig(annotations);
    // Rendering forty labels would cost more than the rest of an admission.
    const key = [ownerKind, namespace, annotationAt, skip, ...shown.flat()].join('\0');
    let series = known.get(key);
    if (series === undefined) {
      const config = new Map(shown);
      const values = CONFIG_ANNOTATIONS.map((name) => config.get(name) ?? '');
      series = add([ownerKind, namespace, annotationAt, ...values], skip);
      known.set(key, series);
    }
    series.requests.inc();
    series.responses.inc();
  };
}

/** The annotations that are labels, with as much of their values as these may have. */
function readConfig(annotations: Readonly<Record<string, string>>): [name: string, value: string][] {
  const config: [string, string][] = [];
  for (const name in annotations) {
    if (!CONFIG_LABELS.has(name)) continue;
    const value = (annotations[name] ?? '').slice(0, MAX_LABEL_LENGTH);
    if (value !== '') config.push([name, value]);
  }
  return config;
}

interface AdmissionSeries {
  readonly requests: CounterSeries;
  readonly responses: CounterSeries;
}
