import type { Container, PodTemplate, Probe, SecurityContext, VolumeMount } from '#lib/resources';
import { IDENTITY_DIR, PROXY_CONTAINER, TOKEN_DIR } from '../../proxy/contract.ts';
import type { ControlPlaneComponent } from './control-plane.ts';
import { buildImage, buildResources } from './image.ts';
import { buildProxyEnv } from './proxy-env.ts';
import { findServiceAccountMount } from './service-account-mount.ts';
import { PODINFO_DIR } from './tracing-env.ts';
import type { CapabilitiesValues, InjectValues } from './values.ts';
import { IDENTITY_VOLUME, PODINFO_VOLUME, TOKEN_VOLUME } from './volumes.ts';

export const AWAIT_COMMAND = '/usr/lib/linkerd/linkerd-await';

export interface ProxyContainerOptions {
  readonly values: InjectValues;
  /** The pod it joins: its ports, its service account mount, the capabilities of its first container. */
  readonly pod: PodTemplate;
  readonly component?: ControlPlaneComponent;
}

/** The one definition of the linkerd-proxy container (design D3). Source: facts sheet injection, section 3. */
export function buildProxyContainer(options: ProxyContainerOptions): Container {
  const { values, pod } = options;
  const { proxy } = values;
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
    ...(proxy.nativeSidecar && proxy.await
      ? { startupProbe: { ...getAdmin(values, '/ready'), ...proxy.startupProbe } }
      : {}),
    ...buildResources(proxy.resources),
    securityContext: buildSecurityContext(values, pod),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...buildLifecycle(values),
    volumeMounts: buildMounts(values, pod),
    ...(proxy.nativeSidecar ? { restartPolicy: 'Always' } : {}),
  };
}

function getAdmin(values: InjectValues, path: string): Probe {
  return { httpGet: { path, port: values.proxy.ports.admin } };
}

function buildSecurityContext({ proxy }: InjectValues, pod: PodTemplate): SecurityContext {
  if (Object.keys(proxy.securityContext).length > 0) return proxy.securityContext;
  const capabilities: CapabilitiesValues | undefined =
    proxy.capabilities ?? pod.spec.containers[0]?.securityContext?.capabilities;
  return {
    allowPrivilegeEscalation: false,
    ...(capabilities && { capabilities }),
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: proxy.uid,
    ...(proxy.gid >= 0 ? { runAsGroup: proxy.gid } : {}),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** A native sidecar needs no hooks: Kubernetes starts it first and stops it last. */
function buildLifecycle({ proxy }: InjectValues): { lifecycle?: unknown } {
  if (proxy.nativeSidecar || (!proxy.await && proxy.waitBeforeExitSeconds === 0)) return {};
  const lifecycle: Record<string, unknown> = {};
  if (proxy.await) {
    const command = [AWAIT_COMMAND, '--timeout=2m', `--port=${proxy.ports.admin}`];
    lifecycle['postStart'] = { exec: { command } };
  }
  if (proxy.waitBeforeExitSeconds > 0) {
    lifecycle['preStop'] = { exec: { command: ['/bin/sleep', String(proxy.waitBeforeExitSeconds)] } };
  }
  return { lifecycle };
}

function buildMounts(values: InjectValues, pod: PodTemplate): VolumeMount[] {
  const serviceAccount = findServiceAccountMount(pod.spec);
  return [
    { name: IDENTITY_VOLUME, mountPath: IDENTITY_DIR },
    ...(values.proxy.tracing.enabled ? [{ name: PODINFO_VOLUME, mountPath: PODINFO_DIR }] : []),
    ...(values.identity.serviceAccountTokenProjection ? [{ name: TOKEN_VOLUME, mountPath: TOKEN_DIR }] : []),
    ...(serviceAccount === undefined ? [] : [serviceAccount]),
  ];
}
