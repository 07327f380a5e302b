import { type Deferred, defaultTo, type Value, type Whole } from '#lib/expr';
import type { EnvVar, SecurityContext } from '#lib/resources';

/**
 * All that the injected containers depend on, complete and readonly. The keys are those of the
 * linkerd-control-plane chart (facts sheet charts, section 3.9), so a parsed `linkerd-config` fits as it is;
 * what the chart has not, its templates set: `controlPlaneNamespace`, and the fields marked "set by". Optional are
 * the keys that the chart's values need not have. Templates see them as `Deferred<InjectValues>`.
 */
export interface InjectValues {
  /** The namespace of the control plane. @default linkerd */
  readonly controlPlaneNamespace: string;
  /** The DNS domain of the cluster. @default cluster.local */
  readonly clusterDomain: string;
  /** Networks in which destinations are looked up, as a comma list of CIDRs. @default the private ranges */
  readonly clusterNetworks: string;
  /** Pull policy of images that have none of their own. @default IfNotPresent */
  readonly imagePullPolicy: string;
  /** The version of this mesh: tag of images that have none of their own. @default dev */
  readonly linkerdVersion: string;
  /** Listen on IPv4 only, and leave IPv6 traffic alone. @default true */
  readonly disableIPv6: boolean;
  /** A CNI plugin writes the iptables rules, so a validator takes the place of linkerd-init. @default false */
  readonly cniEnabled: boolean;
  /** PEM bundle that proxies trust. @default empty */
  readonly identityTrustAnchorsPEM: string;
  /** The trust domain of identities; empty stands for the cluster domain. @default empty */
  readonly identityTrustDomain: string;
  readonly identity: {
    /** Mount a projected token for the identity audience, instead of the default one. @default true */
    readonly serviceAccountTokenProjection: boolean;
  };
  readonly proxy: ProxyValues;
  readonly proxyInit: ProxyInitValues;
  readonly networkValidator: NetworkValidatorValues;
  readonly debugContainer: { readonly image: ImageValues };
}

export interface ImageValues {
  readonly name: string;
  /** Empty stands for the mesh's `imagePullPolicy`. @default empty */
  readonly pullPolicy: string;
  /** Empty stands for `linkerdVersion`. @default empty */
  readonly version: string;
}

/** Kubernetes quantities; an empty one is left out. @default empty */
export interface ResourceValues {
  readonly limit: string;
  readonly request: string;
}

export interface ResourcesValues {
  readonly cpu: ResourceValues;
  readonly memory: ResourceValues;
  readonly 'ephemeral-storage': ResourceValues;
}

export interface CapabilitiesValues {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

/** Scope → protocol → parameter: `server.http2.keepAliveInterval` becomes `…_SERVER_HTTP2_KEEP_ALIVE_INTERVAL`. */
export type TuningValues = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>>
>;

export interface ProxyValues {
  readonly image: ImageValues;
  readonly ports: {
    /** @default 4191 */ readonly admin: number;
    /** @default 4190 */ readonly control: number;
    /** @default 4143 */ readonly inbound: number;
    /** @default 4140 */ readonly outbound: number;
  };
  /** The user the proxy runs as. @default 2102 */
  readonly uid: number;
  /** Its group; negative for none. @default -1 */
  readonly gid: number;
  /** Worker threads (deprecated form). @default null */
  readonly cores?: number | null | undefined;
  readonly runtime: {
    readonly workers: {
      /** @default 1 */ readonly minimum: number;
      /** Set by the cpu-limit annotation. @default null */ readonly maximum?: number | null | undefined;
      /** Share of the machine's CPUs, in (0, 1). @default null */ readonly maximumCPURatio?:
        | number
        | null
        | undefined;
    };
  };
  readonly resources: ResourcesValues;
  /** Replaces the security context whole when it is not empty. @default {} */
  readonly securityContext: Whole<SecurityContext>;
  /** Instead of the capabilities of the pod's first container; set by control-plane pods. @default null */
  readonly capabilities?: Whole<CapabilitiesValues> | null | undefined;
  /** @default warn,linkerd=info,hickory=error */
  readonly logLevel: string;
  /** `plain` or `json`. @default plain */
  readonly logFormat: string;
  /** `insecure` logs header values. @default off */
  readonly logHTTPHeaders: 'off' | 'insecure';
  /** `apache`, `json`, or empty for none. @default empty */
  readonly accessLog?: string | null | undefined;
  /** POST /shutdown on the admin port. @default false */
  readonly enableShutdownEndpoint: boolean;
  /** Look up profiles of names outside the cluster. @default false */
  readonly enableExternalProfiles: boolean;
  /** Proxy durations; an empty one is left out. @default 1000ms */
  readonly outboundConnectTimeout: string;
  /** @default 100ms */
  readonly inboundConnectTimeout: string;
  /** @default 5s */
  readonly outboundDiscoveryCacheUnusedTimeout: string;
  /** @default 90s */
  readonly inboundDiscoveryCacheUnusedTimeout: string;
  /** Wait (almost) for ever for a protocol to show. @default false */
  readonly disableOutboundProtocolDetectTimeout: boolean;
  /** @default false */
  readonly disableInboundProtocolDetectTimeout: boolean;
  /** How long a draining proxy waits; empty for the proxy's own default. @default empty */
  readonly shutdownGracePeriod: string;
  /** preStop sleep; has no effect on a native sidecar. @default 0 */
  readonly waitBeforeExitSeconds: number;
  /** Hold the other containers back until the proxy is ready. @default true */
  readonly await: boolean;
  /** Run as an init container that stays (Kubernetes 1.29). @default true */
  readonly nativeSidecar: boolean;
  /** Comma list of ports that need a client identity. @default empty */
  readonly requireIdentityOnInboundPorts: string;
  /** Comma list of ports that need TLS; set by the identity pods. @default empty */
  readonly requireTLSOnInboundPorts?: string | null | undefined;
  /** Comma list of ports and ranges that are never sniffed. @default 25,587,3306,4444,5432,6379,9300,11211 */
  readonly opaquePorts: string;
  /** The policy of ports that no Server selects. @default all-unauthenticated */
  readonly defaultInboundPolicy: string;
  /** Comma list of the inbound ports; null: computed from the pod. Set by control-plane pods. @default null */
  readonly podInboundPorts?: string | null | undefined;
  /** Take the anchors from the ConfigMap and not inline; set by control-plane pods. @default false */
  readonly loadTrustBundleFromConfigMap?: boolean | null | undefined;
  /** Set by the enable-gateway annotation. @default false */
  readonly isGateway?: boolean | null | undefined;
  /** Set by `linkerd.io/inject: ingress`. @default false */
  readonly isIngress?: boolean | null | undefined;
  /** Set by the enable-debug-sidecar annotation. @default false */
  readonly enableDebugSidecar?: boolean | null | undefined;
  readonly livenessProbe: {
    /** @default 10 */ readonly initialDelaySeconds: number;
    /** @default 1 */ readonly timeoutSeconds: number;
  };
  readonly readinessProbe: {
    /** @default 2 */ readonly initialDelaySeconds: number;
    /** @default 1 */ readonly timeoutSeconds: number;
  };
  readonly startupProbe: {
    /** @default 0 */ readonly initialDelaySeconds: number;
    /** @default 1 */ readonly periodSeconds: number;
    /** @default 120 */ readonly failureThreshold: number;
  };
  readonly control: {
    readonly streams: {
      /** @default 3s */ readonly initialTimeout: string;
      /** @default 5m */ readonly idleTimeout: string;
      /** @default 1h */ readonly lifetime: string;
    };
  };
  /** Name the host in outbound metrics. @default hostnameLabels: false */
  readonly metrics: { readonly hostnameLabels: boolean };
  readonly tracing: TracingValues;
  /** @default server.http2: keepAliveInterval 10s, keepAliveTimeout 3s */
  readonly inbound: TuningValues;
  /** @default server.http2: keepAliveInterval 10s, keepAliveTimeout 3s */
  readonly outbound: TuningValues;
  /** Appended to the environment as they are. @default [] */
  readonly additionalEnv?: readonly EnvVar[] | null | undefined;
  /** @default [] */
  readonly experimentalEnv?: readonly EnvVar[] | null | undefined;
}

export interface TracingValues {
  /** @default false */ readonly enabled: boolean;
  /** @default opentelemetry */ readonly protocol?: string | null | undefined;
  /** @default linkerd-proxy */ readonly traceServiceName: string;
  /** Attributes of every span. @default k8s.pod.ip, k8s.pod.uid, k8s.container.name */
  readonly labels: Readonly<Record<string, string>>;
  readonly collector: {
    /** `host:port`. @default empty */ readonly endpoint: string;
    /** The service account the collector runs as. @default empty */
    readonly meshIdentity: { readonly serviceAccountName: string; readonly namespace: string };
  };
}

export interface ProxyInitValues {
  /** `nft`, or `legacy` (also empty). @default nft */
  readonly iptablesMode: string;
  /** Comma lists of ports and ranges that bypass the proxy. @default 4567,4568 */
  readonly ignoreInboundPorts: string;
  /** @default 4567,4568 */
  readonly ignoreOutboundPorts: string;
  /** What control-plane pods leave alone instead of `ignoreOutboundPorts`. @default 443,6443 */
  readonly kubeAPIServerPorts: string;
  /** Comma list of CIDRs whose inbound packets bypass the proxy. @default empty */
  readonly skipSubnets: string;
  /** @default empty */
  readonly logLevel: string;
  /** @default empty */
  readonly logFormat: string;
  /** Sets nf_conntrack_tcp_timeout_close_wait; 0 leaves it. Needs `runAsRoot`. @default 0 */
  readonly closeWaitTimeoutSecs: number;
  /** @default false */
  readonly privileged: boolean;
  /** @default false */
  readonly runAsRoot: boolean;
  /** @default 65534 */
  readonly runAsUser: number;
  /** @default 65534 */
  readonly runAsGroup: number;
  /** Beside NET_ADMIN and NET_RAW and those of the pod's first container. @default null */
  readonly capabilities?: Whole<CapabilitiesValues> | null | undefined;
  /** Where the xtables lock lives. @default linkerd-proxy-init-xtables-lock at /run */
  readonly xtMountPath: { readonly name: string; readonly mountPath: string };
}

export interface NetworkValidatorValues {
  /** @default debug */ readonly logLevel: string;
  /** @default plain */ readonly logFormat: string;
  /** Empty: an address that nobody answers, of the right family. @default empty */
  readonly connectAddr: string;
  /** Empty: every address, on the outbound port. @default empty */
  readonly listenAddr: string;
  /** @default 10s */ readonly timeout: string;
  readonly securityContext: Whole<SecurityContext>;
  /** Only false leaves the security context out. */
  readonly enableSecurityContext?: boolean | null | undefined;
}

/** The trust domain in force: the cluster domain where none is given. */
export function trustDomainOf(values: Deferred<InjectValues>): Value<string> {
  return defaultTo(values.identityTrustDomain, values.clusterDomain);
}
