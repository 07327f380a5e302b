import { DEFAULT_OPAQUE_PORTS, PROXY_PORT, PROXY_UID } from '../../proxy/contract.ts';
import type { ImageValues, InjectValues, ProxyInitValues, ProxyValues, ResourcesValues } from './values.ts';

/** The chart's defaults. Source: facts sheet charts, section 3.9. */
export function defaultInjectValues(): InjectValues {
  return {
    controlPlaneNamespace: 'linkerd',
    clusterDomain: 'cluster.local',
    clusterNetworks: '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8',
    imagePullPolicy: 'IfNotPresent',
    linkerdVersion: 'dev',
    disableIPv6: true,
    cniEnabled: false,
    identityTrustAnchorsPEM: '',
    identityTrustDomain: '',
    identity: { serviceAccountTokenProjection: true },
    proxy: defaultProxyValues(),
    proxyInit: defaultProxyInitValues(),
    networkValidator: {
      logLevel: 'debug',
      logFormat: 'plain',
      connectAddr: '',
      listenAddr: '',
      timeout: '10s',
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
        runAsGroup: 65534,
        runAsNonRoot: true,
        runAsUser: 65534,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
    debugContainer: { image: image('cr.l5d.io/linkerd/debug') },
  };
}

function image(name: string): ImageValues {
  return { name, pullPolicy: '', version: '' };
}

function noResources(): ResourcesValues {
  const none = { limit: '', request: '' };
  return { cpu: { ...none }, memory: { ...none }, 'ephemeral-storage': { ...none } };
}

function defaultProxyValues(): ProxyValues {
  return {
    image: image('cr.l5d.io/linkerd/proxy'),
    ports: { ...PROXY_PORT },
    uid: PROXY_UID,
    gid: -1,
    cores: null,
    runtime: { workers: { minimum: 1, maximum: null, maximumCPURatio: null } },
    resources: noResources(),
    securityContext: {},
    capabilities: null,
    logLevel: 'warn,linkerd=info,hickory=error',
    logFormat: 'plain',
    logHTTPHeaders: 'off',
    accessLog: '',
    enableShutdownEndpoint: false,
    enableExternalProfiles: false,
    outboundConnectTimeout: '1000ms',
    inboundConnectTimeout: '100ms',
    outboundDiscoveryCacheUnusedTimeout: '5s',
    inboundDiscoveryCacheUnusedTimeout: '90s',
    disableOutboundProtocolDetectTimeout: false,
    disableInboundProtocolDetectTimeout: false,
    shutdownGracePeriod: '',
    waitBeforeExitSeconds: 0,
    await: true,
    nativeSidecar: true,
    requireIdentityOnInboundPorts: '',
    requireTLSOnInboundPorts: '',
    opaquePorts: DEFAULT_OPAQUE_PORTS,
    defaultInboundPolicy: 'all-unauthenticated',
    podInboundPorts: null,
    loadTrustBundleFromConfigMap: false,
    isGateway: false,
    isIngress: false,
    enableDebugSidecar: false,
    livenessProbe: { initialDelaySeconds: 10, timeoutSeconds: 1 },
    readinessProbe: { initialDelaySeconds: 2, timeoutSeconds: 1 },
    startupProbe: { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 120 },
    control: { streams: { initialTimeout: '3s', idleTimeout: '5m', lifetime: '1h' } },
    metrics: { hostnameLabels: false },
    tracing: {
      enabled: false,
      protocol: 'opentelemetry',
      traceServiceName: 'linkerd-proxy',
      labels: {
        'k8s.pod.ip': '$(_pod_ip)',
        'k8s.pod.uid': '$(_pod_uid)',
        'k8s.container.name': '$(_pod_containerName)',
      },
      collector: { endpoint: '', meshIdentity: { serviceAccountName: '', namespace: '' } },
    },
    inbound: { server: { http2: { keepAliveInterval: '10s', keepAliveTimeout: '3s' } } },
    outbound: { server: { http2: { keepAliveInterval: '10s', keepAliveTimeout: '3s' } } },
    additionalEnv: [],
    experimentalEnv: [],
  };
}

function defaultProxyInitValues(): ProxyInitValues {
  return {
    iptablesMode: 'nft',
    ignoreInboundPorts: '4567,4568',
    ignoreOutboundPorts: '4567,4568',
    kubeAPIServerPorts: '443,6443',
    skipSubnets: '',
    logLevel: '',
    logFormat: '',
    closeWaitTimeoutSecs: 0,
    privileged: false,
    runAsRoot: false,
    runAsUser: 65534,
    runAsGroup: 65534,
    xtMountPath: { name: 'linkerd-proxy-init-xtables-lock', mountPath: '/run' },
  };
}
