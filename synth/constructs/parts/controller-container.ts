import {
  atLeast,
  type Deferred,
  defaultTo,
  forEach,
  isSet,
  type ListPart,
  or,
  text,
  type Value,
  when,
} from '#lib/expr';
import { buildResources } from '#lib/inject';
import type { ContainerPort, EnvVar, VolumeMount } from '#lib/resources';
import type { ControlPlaneProps } from './props.ts';

const LIVENESS_DELAY_SECONDS = 10;
const READINESS_FAILURES = 7;

/** The keys of `values.identity` and its like. */
interface ProbeTimeouts {
  readonly livenessProbe: { readonly timeoutSeconds: Value<number> };
  readonly readinessProbe: { readonly timeoutSeconds: Value<number> };
}

interface ExtraEnv {
  readonly additionalEnv: Value<readonly EnvVar[]>;
  readonly experimentalEnv: Value<readonly EnvVar[]>;
}

export interface ControllerParts {
  readonly name: string;
  /** Instead of the image's own program. */
  readonly command?: readonly string[];
  readonly args: readonly ArgPart[];
  readonly ports: readonly ContainerPort[];
  /** Answers the probes. */
  readonly adminPort: number;
  /** @default /ping */
  readonly livePath?: string;
  readonly probes: ProbeTimeouts;
  readonly resources: Parameters<typeof buildResources>[0];
  readonly env?: readonly EnvVar[];
  readonly extraEnv?: ExtraEnv;
  readonly volumeMounts: readonly VolumeMount[];
}

/** An argument, or some that may be missing. */
export type ArgPart = ListPart<string>;

/** A container of the control plane. Source: facts sheet charts, sections 1 and 3.4. */
export function buildController(props: ControlPlaneProps, parts: ControllerParts) {
  const { values } = props;
  const { adminPort, livePath = '/ping', probes } = parts;
  return {
    name: parts.name,
    image: text`${values.controllerImage}:${defaultTo(values.controllerImageVersion, values.linkerdVersion)}`,
    imagePullPolicy: values.imagePullPolicy,
    ...(parts.command && { command: parts.command }),
    args: parts.args,
    env: buildEnv(parts),
    ports: parts.ports,
    livenessProbe: {
      httpGet: { path: livePath, port: adminPort },
      initialDelaySeconds: LIVENESS_DELAY_SECONDS,
      timeoutSeconds: probes.livenessProbe.timeoutSeconds,
    },
    readinessProbe: {
      httpGet: { path: '/ready', port: adminPort },
      failureThreshold: READINESS_FAILURES,
      timeoutSeconds: probes.readinessProbe.timeoutSeconds,
    },
    resources: buildResources(parts.resources),
    securityContext: buildSecurityContext(values),
    volumeMounts: parts.volumeMounts,
  };
}

function buildEnv({ env = [], extraEnv }: ControllerParts) {
  if (extraEnv === undefined) return env.length === 0 ? undefined : env;
  const { additionalEnv, experimentalEnv } = extraEnv;
  const all = [
    ...env,
    forEach(additionalEnv, (variable) => variable),
    forEach(experimentalEnv, (variable) => variable),
  ];
  return env.length > 0 ? all : when(or(isSet(additionalEnv), isSet(experimentalEnv)), all);
}

/** Nothing may be gained by whoever breaks into it. */
function buildSecurityContext(
  values: Deferred<{ readonly controllerUID: number; readonly controllerGID: number }>,
) {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: values.controllerUID,
    runAsGroup: when(atLeast(values.controllerGID, 0), values.controllerGID),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** `-log-level` and `-log-format` of the programs that take Go's flags. */
export function logArgs({ values }: ControlPlaneProps): readonly Value<string>[] {
  return [text`-log-level=${values.controllerLogLevel}`, text`-log-format=${values.controllerLogFormat}`];
}

/** Where the control plane sends its spans, if it does. */
export function traceArg({ values }: ControlPlaneProps): ArgPart {
  const { controller, proxy } = values;
  const endpoint = defaultTo(controller.tracing.collector.endpoint, proxy.tracing.collector.endpoint);
  return when(controller.tracing.enabled, text`-trace-collector=${endpoint}`);
}
