import { ANNOTATION, CONFIG_ANNOTATION_PREFIX, parseQuantity } from '#lib/resources';
import { DEFAULT_POLICIES } from '../../policy/contract.ts';
import {
  BOOL,
  COUNT,
  GO_DURATION,
  INTEGER,
  oneOf,
  PORT,
  PORTS,
  QUANTITY,
  RATIO,
  SWITCH,
  type Syntax,
  TEXT,
} from './annotation-syntax.ts';
import type { InjectValues } from './values.ts';

/** Values while annotations are being written into them. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] extends object ? Draft<T[K]> : T[K] };
export type DraftValues = Draft<InjectValues>;

/** One annotation that overrides values. */
export interface AnnotationRule {
  readonly key: string;
  /** Copied from the namespace to pods that lack it. */
  readonly inherited: boolean;
  readonly expects: string;
  /** Writes the value; false when the text is not what is expected. */
  readonly apply: (values: DraftValues, text: string) => boolean;
}

type Write<T> = (values: DraftValues, value: T) => void;

function rule<T>(key: string, syntax: Syntax<T>, write: Write<T>): AnnotationRule {
  return {
    key: key.includes('/') ? key : CONFIG_ANNOTATION_PREFIX + key,
    inherited: true,
    expects: syntax.expects,
    apply: (values, text) => {
      const value = syntax.parse(text);
      if (value === undefined) return false;
      write(values, value);
      return true;
    },
  };
}

/** A rule that a namespace cannot make for its pods. */
function ownRule<T>(key: string, syntax: Syntax<T>, write: Write<T>): AnnotationRule {
  return { ...rule(key, syntax, write), inherited: false };
}

function wholeCores(quantity: string): number {
  return Math.ceil(parseQuantity(quantity) ?? 0);
}

const toMs = (ms: number): string => `${Math.trunc(ms)}ms`;
const toSeconds = (ms: number): string => `${Math.trunc(ms / 1000)}s`;

const IMAGES: readonly AnnotationRule[] = [
  rule('proxy-image', TEXT, (v, name) => (v.proxy.image.name = name)),
  rule('proxy-version', TEXT, (v, version) => (v.proxy.image.version = version)),
  rule('image-pull-policy', TEXT, (v, policy) => (v.proxy.image.pullPolicy = policy)),
  ownRule('debug-image', TEXT, (v, name) => (v.debugContainer.image.name = name)),
  ownRule('debug-image-version', TEXT, (v, version) => (v.debugContainer.image.version = version)),
  ownRule('debug-image-pull-policy', TEXT, (v, policy) => (v.debugContainer.image.pullPolicy = policy)),
  rule('enable-debug-sidecar', BOOL, (v, on) => (v.proxy.enableDebugSidecar = on)),
];

const PORT_RULES: readonly AnnotationRule[] = [
  rule('control-port', PORT, (v, port) => (v.proxy.ports.control = port)),
  rule('inbound-port', PORT, (v, port) => (v.proxy.ports.inbound = port)),
  rule('admin-port', PORT, (v, port) => (v.proxy.ports.admin = port)),
  rule('outbound-port', PORT, (v, port) => (v.proxy.ports.outbound = port)),
  rule('skip-inbound-ports', PORTS, (v, ports) => (v.proxyInit.ignoreInboundPorts = ports)),
  rule('skip-outbound-ports', PORTS, (v, ports) => (v.proxyInit.ignoreOutboundPorts = ports)),
  rule('skip-subnets', TEXT, (v, subnets) => (v.proxyInit.skipSubnets = subnets)),
  rule('proxy-require-identity-inbound-ports', PORTS, (v, ports) => {
    v.proxy.requireIdentityOnInboundPorts = ports;
  }),
];

const RESOURCES: readonly AnnotationRule[] = [
  rule('proxy-cpu-request', QUANTITY, (v, quantity) => {
    v.proxy.resources.cpu.request = quantity;
    v.proxy.runtime.workers.minimum = wholeCores(quantity);
  }),
  rule('proxy-cpu-limit', QUANTITY, (v, quantity) => {
    v.proxy.resources.cpu.limit = quantity;
    v.proxy.runtime.workers.maximum = wholeCores(quantity);
  }),
  ownRule('proxy-cpu-ratio-limit', RATIO, (v, ratio) => (v.proxy.runtime.workers.maximumCPURatio = ratio)),
  rule('proxy-memory-request', QUANTITY, (v, quantity) => (v.proxy.resources.memory.request = quantity)),
  rule('proxy-memory-limit', QUANTITY, (v, quantity) => (v.proxy.resources.memory.limit = quantity)),
  rule('proxy-ephemeral-storage-request', QUANTITY, (v, quantity) => {
    v.proxy.resources['ephemeral-storage'].request = quantity;
  }),
  rule('proxy-ephemeral-storage-limit', QUANTITY, (v, quantity) => {
    v.proxy.resources['ephemeral-storage'].limit = quantity;
  }),
  rule('proxy-uid', INTEGER, (v, uid) => (v.proxy.uid = uid)),
  rule('proxy-gid', INTEGER, (v, gid) => (v.proxy.gid = gid)),
];

const BEHAVIOUR: readonly AnnotationRule[] = [
  rule('proxy-admin-shutdown', SWITCH, (v, on) => (v.proxy.enableShutdownEndpoint = on)),
  rule('proxy-log-level', TEXT, (v, level) => (v.proxy.logLevel = level)),
  rule('proxy-log-format', TEXT, (v, format) => (v.proxy.logFormat = format)),
  rule('enable-external-profiles', BOOL, (v, on) => (v.proxy.enableExternalProfiles = on)),
  rule('proxy-metrics-hostname-labels', BOOL, (v, on) => (v.proxy.metrics.hostnameLabels = on)),
  ownRule('enable-gateway', BOOL, (v, on) => (v.proxy.isGateway = on)),
  rule('proxy-await', SWITCH, (v, on) => (v.proxy.await = on)),
  rule(
    'default-inbound-policy',
    oneOf(...DEFAULT_POLICIES),
    (v, name) => (v.proxy.defaultInboundPolicy = name),
  ),
  rule('access-log', TEXT, (v, format) => (v.proxy.accessLog = format)),
];

const TIMEOUTS: readonly AnnotationRule[] = [
  rule('proxy-outbound-connect-timeout', GO_DURATION, (v, ms) => (v.proxy.outboundConnectTimeout = toMs(ms))),
  rule('proxy-inbound-connect-timeout', GO_DURATION, (v, ms) => (v.proxy.inboundConnectTimeout = toMs(ms))),
  rule('proxy-outbound-discovery-cache-unused-timeout', GO_DURATION, (v, ms) => {
    v.proxy.outboundDiscoveryCacheUnusedTimeout = toSeconds(ms);
  }),
  rule('proxy-inbound-discovery-cache-unused-timeout', GO_DURATION, (v, ms) => {
    v.proxy.inboundDiscoveryCacheUnusedTimeout = toSeconds(ms);
  }),
  rule('proxy-disable-outbound-protocol-detect-timeout', BOOL, (v, off) => {
    v.proxy.disableOutboundProtocolDetectTimeout = off;
  }),
  rule('proxy-disable-inbound-protocol-detect-timeout', BOOL, (v, off) => {
    v.proxy.disableInboundProtocolDetectTimeout = off;
  }),
  rule('shutdown-grace-period', GO_DURATION, (v, ms) => (v.proxy.shutdownGracePeriod = toMs(ms))),
  ownRule('close-wait-timeout', GO_DURATION, (v, ms) => {
    v.proxyInit.closeWaitTimeoutSecs = Math.trunc(ms / 1000);
  }),
  rule('config.alpha.linkerd.io/proxy-wait-before-exit-seconds', COUNT, (v, seconds) => {
    v.proxy.waitBeforeExitSeconds = seconds;
  }),
];

const setNativeSidecar: Write<boolean> = (values, on) => {
  values.proxy.nativeSidecar = on;
};

/** The three keys of one setting, the weakest first: a later rule overrides. */
const NATIVE_SIDECAR: readonly AnnotationRule[] = [
  rule('config.alpha.linkerd.io/proxy-enable-native-sidecar', BOOL, setNativeSidecar),
  ownRule('config.beta.linkerd.io/proxy-enable-native-sidecar', BOOL, setNativeSidecar),
  rule('proxy-enable-native-sidecar', BOOL, setNativeSidecar),
];

/** Every annotation that simply overrides values. Source: facts sheet injection, section 5. */
export const ANNOTATION_RULES: readonly AnnotationRule[] = [
  ...IMAGES,
  ...PORT_RULES,
  ...RESOURCES,
  ...BEHAVIOUR,
  ...TIMEOUTS,
  ...NATIVE_SIDECAR,
];

/** Annotations that need more than their own text; `apply-annotations.ts` reads them. */
export const SPECIAL_ANNOTATION = {
  logHTTPHeaders: `${CONFIG_ANNOTATION_PREFIX}proxy-log-http-headers`,
  additionalEnv: `${CONFIG_ANNOTATION_PREFIX}proxy-additional-env`,
  podInboundPorts: `${CONFIG_ANNOTATION_PREFIX}pod-inbound-ports`,
} as const;

/** Annotations that a pod takes over from its namespace when it lacks them. */
export const INHERITED_ANNOTATIONS: readonly string[] = [
  ANNOTATION.inject,
  ANNOTATION.opaquePorts,
  SPECIAL_ANNOTATION.logHTTPHeaders,
  SPECIAL_ANNOTATION.podInboundPorts,
  ...ANNOTATION_RULES.filter((entry) => entry.inherited).map((entry) => entry.key),
];
