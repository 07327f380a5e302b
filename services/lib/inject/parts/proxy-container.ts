import {
  and,
  atLeast,
  type Deferred,
  defaultTo,
  isSet,
  type ListPart,
  not,
  or,
  type Tree,
  text,
  type Value,
  when,
} from '#lib/expr';
import type { Container, Probe, SecurityContext, VolumeMount } from '#lib/resources';
import { IDENTITY_DIR, PROXY_CONTAINER, TOKEN_DIR } from '../../../proxy/contract.ts';
import type { InjectValues } from '../values.ts';
import type { ControlPlaneComponent } from './control-plane.ts';
import { buildImage, buildResources } from './image.ts';
import type { PodTraits } from './pod-traits.ts';
import { buildProxyEnv } from './proxy-env.ts';
import { PODINFO_DIR } from './tracing-env.ts';
import { IDENTITY_VOLUME, PODINFO_VOLUME, TOKEN_VOLUME } from './volumes.ts';

export const AWAIT_COMMAND = '/usr/lib/linkerd/linkerd-await';

type Values = Deferred<InjectValues>;

export interface ProxyContainerOptions {
  readonly values: Values;
  /** Of the pod it joins. */
  readonly traits: PodTraits;
  readonly component?: ControlPlaneComponent;
}

/** The one definition of the linkerd-proxy container (design D3). Source: facts sheet injection, section 3. */
export function buildProxyContainer(options: ProxyContainerOptions): Tree<Container> {
  const { values, traits } = options;
  const { proxy } = values;
  const isNative = isSet(proxy.nativeSidecar);
  return {
    name: PROXY_CONTAINER,
    ...buildImage(values, proxy.image),
    env: buildProxyEnv(options),
    ports: [
      { name: 'linkerd-proxy', containerPort: proxy.ports.inbound },
      { name: 'linkerd-admin', containerPort: proxy.ports.admin },
    ],
    livenessProbe: { ...getAdmin(values, '/live'), ...proxy.livenessProbe },
    readinessProbe: { ...getAdmin(values, '/ready'), ...proxy.readinessProbe },
    startupProbe: when(and(isNative, isSet(proxy.await)), {
      ...getAdmin(values, '/ready'),
      ...proxy.startupProbe,
    }),
    resources: buildResources(proxy.resources),
    securityContext: buildSecurityContext(values, traits),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    lifecycle: buildLifecycle(values),
    volumeMounts: buildMounts(values, traits),
    restartPolicy: when(isNative, 'Always'),
  };
}

function getAdmin(values: Values, path: string): { readonly httpGet: Tree<Probe['httpGet']> } {
  return { httpGet: { path, port: values.proxy.ports.admin } };
}

function buildSecurityContext({ proxy }: Values, traits: PodTraits): Tree<SecurityContext | undefined> {
  return when(isSet(proxy.securityContext), proxy.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: defaultTo(proxy.capabilities, traits.capabilities),
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: proxy.uid,
    runAsGroup: when(atLeast(proxy.gid, 0), proxy.gid),
    seccompProfile: { type: 'RuntimeDefault' },
  });
}

/** A native sidecar needs no hooks: Kubernetes starts it first and stops it last. */
function buildLifecycle({ proxy }: Values): Tree<unknown> {
  const waits = isSet(proxy.await);
  const lingers = atLeast(proxy.waitBeforeExitSeconds, 1);
  const command = [AWAIT_COMMAND, '--timeout=2m', text`--port=${proxy.ports.admin}`];
  const sleep: Value<string>[] = ['/bin/sleep', text`${proxy.waitBeforeExitSeconds}`];
  return when(and(not(isSet(proxy.nativeSidecar)), or(waits, lingers)), {
    postStart: when(waits, { exec: { command } }),
    preStop: when(lingers, { exec: { command: sleep } }),
  });
}

function buildMounts(values: Values, traits: PodTraits): readonly ListPart<VolumeMount>[] {
  return [
    { name: IDENTITY_VOLUME, mountPath: IDENTITY_DIR },
    when(isSet(values.proxy.tracing.enabled), { name: PODINFO_VOLUME, mountPath: PODINFO_DIR }),
    when(isSet(values.identity.serviceAccountTokenProjection), { name: TOKEN_VOLUME, mountPath: TOKEN_DIR }),
    traits.serviceAccountMount,
  ];
}
