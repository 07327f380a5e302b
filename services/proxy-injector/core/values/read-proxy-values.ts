import type { InjectValues } from '#lib/inject';
import type { EnvVar, SecurityContext } from '#lib/resources';
import { isRecord } from '../admission-review.ts';
import type { ValueReader } from './value-reader.ts';

type ProxyValues = InjectValues['proxy'];
type Capabilities = NonNullable<ProxyValues['capabilities']>;

const MAX_ID = 2 ** 31 - 1;
const MAX_SECONDS = 2 ** 31 - 1;
const PORT_RANGE = { min: 1, max: 65_535 };

/** The part `proxy` of the chart's values. */
export function readProxyValues(reader: ValueReader): ProxyValues {
  return {
    image: readImage(reader, 'proxy.image'),
    ports: {
      admin: reader.integer('proxy.ports.admin', PORT_RANGE),
      control: reader.integer('proxy.ports.control', PORT_RANGE),
      inbound: reader.integer('proxy.ports.inbound', PORT_RANGE),
      outbound: reader.integer('proxy.ports.outbound', PORT_RANGE),
    },
    uid: reader.integer('proxy.uid', { min: 0, max: MAX_ID }),
    gid: reader.integer('proxy.gid', { min: -1, max: MAX_ID, fallback: -1 }),
    ...readWorkers(reader),
    resources: readResources(reader),
    securityContext: readSecurityContext(reader, 'proxy.securityContext'),
    capabilities: readCapabilities(reader, 'proxy.capabilities'),
    ...readLogging(reader),
    ...readTimeouts(reader),
    ...readTraffic(reader),
    ...readProbes(reader),
    tracing: readTracing(reader),
    inbound: readTuning(reader, 'proxy.inbound'),
    outbound: readTuning(reader, 'proxy.outbound'),
    additionalEnv: readEnv(reader, 'proxy.additionalEnv'),
    experimentalEnv: readEnv(reader, 'proxy.experimentalEnv'),
  };
}

export function readImage(reader: ValueReader, key: string): ProxyValues['image'] {
  return {
    name: reader.requiredText(`${key}.name`),
    pullPolicy: reader.text(`${key}.pullPolicy`),
    version: reader.text(`${key}.version`),
  };
}

export function readSecurityContext(reader: ValueReader, key: string): SecurityContext {
  return reader.map(key) as SecurityContext;
}

function readWorkers(reader: ValueReader): Pick<ProxyValues, 'cores' | 'runtime'> {
  const ratio = 'proxy.runtime.workers.maximumCPURatio';
  const maximumCPURatio = reader.numberOrNull(ratio);
  if (maximumCPURatio !== null && maximumCPURatio > 1) {
    reader.refuse(ratio, maximumCPURatio, 'a share between 0 and 1');
  }
  return {
    cores: reader.numberOrNull('proxy.cores'),
    runtime: {
      workers: {
        minimum: reader.integer('proxy.runtime.workers.minimum', { min: 0, max: 65_535, fallback: 1 }),
        maximum: reader.numberOrNull('proxy.runtime.workers.maximum'),
        maximumCPURatio,
      },
    },
  };
}

function readResources(reader: ValueReader): ProxyValues['resources'] {
  const read = (resource: string) => ({
    limit: reader.text(`proxy.resources.${resource}.limit`),
    request: reader.text(`proxy.resources.${resource}.request`),
  });
  return { cpu: read('cpu'), memory: read('memory'), 'ephemeral-storage': read('ephemeral-storage') };
}

export function readCapabilities(reader: ValueReader, key: string): Capabilities | null {
  const { add, drop } = reader.map(key);
  if (add === undefined && drop === undefined) return null;
  const read = (field: string) => ({ [field]: reader.list(`${key}.${field}`).map(String) });
  return { ...(add !== undefined && read('add')), ...(drop !== undefined && read('drop')) };
}

type LoggingKey = 'logLevel' | 'logFormat' | 'logHTTPHeaders' | 'accessLog';

function readLogging(reader: ValueReader): Pick<ProxyValues, LoggingKey> {
  const headers = 'proxy.logHTTPHeaders';
  // An unquoted `off` is false to YAML 1.1, which Kubernetes and Helm read.
  const isOff = ['', 'false'].includes(reader.text(headers));
  return {
    logLevel: reader.text('proxy.logLevel'),
    logFormat: reader.text('proxy.logFormat') || 'plain',
    logHTTPHeaders: isOff ? 'off' : reader.oneOf(headers, ['off', 'insecure']),
    accessLog: reader.text('proxy.accessLog'),
  };
}

type TimeoutKey =
  | 'outboundConnectTimeout'
  | 'inboundConnectTimeout'
  | 'outboundDiscoveryCacheUnusedTimeout'
  | 'inboundDiscoveryCacheUnusedTimeout'
  | 'disableOutboundProtocolDetectTimeout'
  | 'disableInboundProtocolDetectTimeout'
  | 'shutdownGracePeriod'
  | 'waitBeforeExitSeconds';

function readTimeouts(reader: ValueReader): Pick<ProxyValues, TimeoutKey> {
  return {
    outboundConnectTimeout: reader.text('proxy.outboundConnectTimeout'),
    inboundConnectTimeout: reader.text('proxy.inboundConnectTimeout'),
    outboundDiscoveryCacheUnusedTimeout: reader.text('proxy.outboundDiscoveryCacheUnusedTimeout'),
    inboundDiscoveryCacheUnusedTimeout: reader.text('proxy.inboundDiscoveryCacheUnusedTimeout'),
    disableOutboundProtocolDetectTimeout: reader.boolean('proxy.disableOutboundProtocolDetectTimeout', false),
    disableInboundProtocolDetectTimeout: reader.boolean('proxy.disableInboundProtocolDetectTimeout', false),
    shutdownGracePeriod: reader.text('proxy.shutdownGracePeriod'),
    waitBeforeExitSeconds: readSeconds(reader, 'proxy.waitBeforeExitSeconds', 0),
  };
}

type TrafficKey =
  | 'enableShutdownEndpoint'
  | 'enableExternalProfiles'
  | 'await'
  | 'nativeSidecar'
  | 'requireIdentityOnInboundPorts'
  | 'requireTLSOnInboundPorts'
  | 'opaquePorts'
  | 'defaultInboundPolicy'
  | 'podInboundPorts'
  | 'loadTrustBundleFromConfigMap'
  | 'isGateway'
  | 'isIngress'
  | 'enableDebugSidecar';

function readTraffic(reader: ValueReader): Pick<ProxyValues, TrafficKey> {
  return {
    enableShutdownEndpoint: reader.boolean('proxy.enableShutdownEndpoint', false),
    enableExternalProfiles: reader.boolean('proxy.enableExternalProfiles', false),
    await: reader.boolean('proxy.await', true),
    nativeSidecar: reader.boolean('proxy.nativeSidecar', true),
    requireIdentityOnInboundPorts: reader.text('proxy.requireIdentityOnInboundPorts'),
    requireTLSOnInboundPorts: reader.text('proxy.requireTLSOnInboundPorts'),
    opaquePorts: reader.text('proxy.opaquePorts'),
    defaultInboundPolicy: reader.requiredText('proxy.defaultInboundPolicy'),
    // What only the templates of the control plane's own pods, or annotations, set.
    podInboundPorts: null,
    loadTrustBundleFromConfigMap: false,
    isGateway: reader.boolean('proxy.isGateway', false),
    isIngress: reader.boolean('proxy.isIngress', false),
    enableDebugSidecar: false,
  };
}

type ProbeKey = 'livenessProbe' | 'readinessProbe' | 'startupProbe' | 'control' | 'metrics';

function readProbes(reader: ValueReader): Pick<ProxyValues, ProbeKey> {
  const seconds = (key: string, fallback: number) => readSeconds(reader, `proxy.${key}`, fallback);
  const stream = (key: string) => reader.text(`proxy.control.streams.${key}`);
  return {
    livenessProbe: {
      initialDelaySeconds: seconds('livenessProbe.initialDelaySeconds', 10),
      timeoutSeconds: seconds('livenessProbe.timeoutSeconds', 1),
    },
    readinessProbe: {
      initialDelaySeconds: seconds('readinessProbe.initialDelaySeconds', 2),
      timeoutSeconds: seconds('readinessProbe.timeoutSeconds', 1),
    },
    startupProbe: {
      initialDelaySeconds: seconds('startupProbe.initialDelaySeconds', 0),
      periodSeconds: seconds('startupProbe.periodSeconds', 1),
      failureThreshold: seconds('startupProbe.failureThreshold', 120),
    },
    control: {
      streams: {
        initialTimeout: stream('initialTimeout'),
        idleTimeout: stream('idleTimeout'),
        lifetime: stream('lifetime'),
      },
    },
    metrics: { hostnameLabels: reader.boolean('proxy.metrics.hostnameLabels', false) },
  };
}

function readSeconds(reader: ValueReader, key: string, fallback: number): number {
  return reader.integer(key, { min: 0, max: MAX_SECONDS, fallback });
}

function readTracing(reader: ValueReader): ProxyValues['tracing'] {
  const collector = 'proxy.tracing.collector';
  const labels = Object.entries(reader.map('proxy.tracing.labels')).filter(([, value]) => value !== null);
  return {
    enabled: reader.boolean('proxy.tracing.enabled', false),
    protocol: reader.text('proxy.tracing.protocol') || 'opentelemetry',
    traceServiceName: reader.text('proxy.tracing.traceServiceName') || 'linkerd-proxy',
    labels: Object.fromEntries(labels.map(([key, value]) => [key, String(value)])),
    collector: {
      endpoint: reader.text(`${collector}.endpoint`),
      meshIdentity: {
        serviceAccountName: reader.text(`${collector}.meshIdentity.serviceAccountName`),
        namespace: reader.text(`${collector}.meshIdentity.namespace`),
      },
    },
  };
}

/** Scope → protocol → parameter. What is null is left out. */
function readTuning(reader: ValueReader, key: string): ProxyValues['inbound'] {
  const scopes = mapEntries(reader.map(key), (scope, protocols) => {
    if (!isRecord(protocols)) return refuseTuning(reader, `${key}.${scope}`, protocols);
    return mapEntries(protocols, (protocol, parameters) => {
      if (!isRecord(parameters)) return refuseTuning(reader, `${key}.${scope}.${protocol}`, parameters);
      return mapEntries(parameters, (parameter, value) => {
        if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
          return value;
        reader.refuse(`${key}.${scope}.${protocol}.${parameter}`, value, 'a text, a number, true or false');
        return '';
      });
    });
  });
  return scopes;
}

function refuseTuning(reader: ValueReader, key: string, value: unknown): Record<string, never> {
  reader.refuse(key, value, 'a map');
  return {};
}

function mapEntries<T>(
  map: Readonly<Record<string, unknown>>,
  convert: (key: string, value: unknown) => T,
): Record<string, T> {
  const entries = Object.entries(map).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, convert(key, value)]));
}

function readEnv(reader: ValueReader, key: string): readonly EnvVar[] {
  return reader.list(key).filter((item, index): item is EnvVar => {
    if (isRecord(item) && typeof item['name'] === 'string' && item['name'] !== '') return true;
    reader.refuse(`${key}[${index}]`, item, 'a variable with a name');
    return false;
  });
}
