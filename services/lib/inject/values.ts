import { type Deferred, defaultTo, type Value, type Whole } from '#lib/expr';
import type { EnvVar, SecurityContext } from '#lib/resources';

/**
 * All that the injected containers depend on, complete and readonly. The keys are those of the
 * linkerd-control-plane chart (facts sheet charts, section 3.9), so a parsed `linkerd-config` fits as it is;
 * what the chart has not, its templates set: `controlPlaneNamespace`, and the fields marked "set by". Optional are
 * the keys that the chart's values need not have. Templates see them as `Deferred<InjectValues>`.
 */
export interface InjectValues {
  /** The namespace of the control plane. */
  readonly controlPlaneNamespace: string;
  /** The DNS domain of the cluster. */
  readonly clusterDomain: string;
  /** Networks in which destinations are looked up, as a comma list of CIDRs. */
  readonly clusterNetworks: string;
  /** Pull policy of images that have none of their own. */
  readonly imagePullPolicy: string;
  /** The version of this mesh: tag of images that have none of their own. */
  readonly linkerdVersion: string;
  /** Listen on IPv4 only, and leave IPv6 traffic alone. */
  readonly disableIPv6: boolean;
  /** A CNI plugin writes the iptables rules, so a validator takes the place of linkerd-init. */
  readonly cniEnabled: boolean;
  /** PEM bundle that proxies trust. */
  readonly identityTrustAnchorsPEM: string;
  /** The trust domain of identities; empty stands for the cluster domain. */
  readonly identityTrustDomain: string;
  readonly identity: {
    /** Mount a projected token for the identity audience, instead of the default one. */
    readonly serviceAccountTokenProjection: boolean;
  };
  readonly proxy: ProxyValues;
  readonly proxyInit: ProxyInitValues;
  readonly networkValidator: NetworkValidatorValues;
  readonly debugContainer: { readonly image: ImageValues };
}

export interface ImageValues {
  readonly name: string;
  /** Empty stands for the mesh's `imagePullPolicy`. */
  readonly pullPolicy: string;
  /** Empty stands for `linkerdVersion`. */
  readonly version: string;
}

/** Kubernetes quantities; an empty one is left out. */
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
    readonly admin: number;
    readonly control: number;
    readonly inbound: number;
    readonly outbound: number;
  };
  /** The user the proxy runs as. */
  readonly uid: number;
  /** Its group; negative for none. */
  readonly gid: number;
  /** Worker threads (deprecated form). */
  readonly cores?: number | null | undefined;
  readonly runtime: {
    readonly workers: {
      readonly minimum: number;
      /** Set by the cpu-limit annotation. */ readonly maximum?: number | null | undefined;
      /** Share of the machine's CPUs, in (0, 1). */ readonly maximumCPURatio?: number | null | undefined;
    };
  };
  readonly resources: ResourcesValues;
  /** Replaces the security context whole when it is not empty. */
  readonly securityContext: Whole<SecurityContext>;
  /** Instead of the capabilities of the pod's first container; set by control-plane pods. */
  readonly capabilities?: Whole<CapabilitiesValues> | null | undefined;
  readonly logLevel: string;
  /** `plain` or `json`. */
  readonly logFormat: string;
  /** `insecure` logs header values. */
  readonly logHTTPHeaders: 'off' | 'insecure';
  /** `apache`, `json`, or empty for none. */
  readonly accessLog?: string | null | undefined;
  /** POST /shutdown on the admin port. */
  readonly enableShutdownEndpoint: boolean;
  /** Look up profiles of names outside the cluster. */
  readonly enableExternalProfiles: boolean;
  /** Proxy durations; an empty one is left out. */
  readonly outboundConnectTimeout: string;
  readonly inboundConnectTimeout: string;
  readonly outboundDiscoveryCacheUnusedTimeout: string;
  readonly inboundDiscoveryCacheUnusedTimeout: string;
  /** Wait (almost) for ever for a protocol to show. */
  readonly disableOutboundProtocolDetectTimeout: boolean;
  readonly disableInboundProtocolDetectTimeout: boolean;
  /** How long a draining proxy waits; empty for the proxy's own default. */
  readonly shutdownGracePeriod: string;
  /** preStop sleep; has no effect on a native sidecar. */
  readonly waitBeforeExitSeconds: number;
  /** Hold the other containers back until the proxy is ready. */
  readonly await: boolean;
  /** Run as an init container that stays (Kubernetes 1.29). */
  readonly nativeSidecar: boolean;
  /** Comma list of ports that need a client identity. */
  readonly requireIdentityOnInboundPorts: string;
  /** Comma list of ports that need TLS; set by the identity pods. */
  readonly requireTLSOnInboundPorts?: string | null | undefined;
  /** Comma list of ports and ranges that are never sniffed. */
  readonly opaquePorts: string;
  /** The policy of ports that no Server selects. */
  readonly defaultInboundPolicy: string;
  /** Comma list of the inbound ports; null: computed from the pod. Set by control-plane pods. */
  readonly podInboundPorts?: string | null | undefined;
  /** Take the anchors from the ConfigMap and not inline; set by control-plane pods. */
  readonly loadTrustBundleFromConfigMap?: boolean | null | undefined;
  /** Set by the enable-gateway annotation. */
  readonly isGateway?: boolean | null | undefined;
  /** Set by `linkerd.io/inject: ingress`. */
  readonly isIngress?: boolean | null | undefined;
  /** Set by the enable-debug-sidecar annotation. */
  readonly enableDebugSidecar?: boolean | null | undefined;
  readonly livenessProbe: {
    readonly initialDelaySeconds: number;
    readonly timeoutSeconds: number;
  };
  readonly readinessProbe: {
    readonly initialDelaySeconds: number;
    readonly timeoutSeconds: number;
  };
  readonly startupProbe: {
    readonly initialDelaySeconds: number;
    readonly periodSeconds: number;
    readonly failureThreshold: number;
  };
  readonly control: {
    readonly streams: {
      readonly initialTimeout: string;
      readonly idleTimeout: string;
      readonly lifetime: string;
    };
  };
  /** Name the host in outbound metrics. */
  readonly metrics: { readonly hostnameLabels: boolean };
  readonly tracing: TracingValues;
  readonly inbound: TuningValues;
  readonly outbound: TuningValues;
  /** Appended to the environment as they are. */
  readonly additionalEnv?: readonly EnvVar[] | null | undefined;
  readonly experimentalEnv?: readonly EnvVar[] | null | undefined;
}

export interface TracingValues {
  readonly enabled: boolean;
  readonly protocol?: string | null | undefined;
  readonly traceServiceName: string;
  /** Attributes of every span. */
  readonly labels: Readonly<Record<string, string>>;
  readonly collector: {
    /** `host:port`. */ readonly endpoint: string;
    /** The service account the collector runs as. */
    readonly meshIdentity: { readonly serviceAccountName: string; readonly namespace: string };
  };
}

export interface ProxyInitValues {
  /** `nft`, or `legacy` (also empty). */
  readonly iptablesMode: string;
  /** Comma lists of ports and ranges that bypass the proxy. */
  readonly ignoreInboundPorts: string;
  readonly ignoreOutboundPorts: string;
  /** What control-plane pods leave alone instead of `ignoreOutboundPorts`. */
  readonly kubeAPIServerPorts: string;
  /** Comma list of CIDRs whose inbound packets bypass the proxy. */
  readonly skipSubnets: string;
  readonly logLevel: string;
  readonly logFormat: string;
  /** Sets nf_conntrack_tcp_timeout_close_wait; 0 leaves it. Needs `runAsRoot`. */
  readonly closeWaitTimeoutSecs: number;
  readonly privileged: boolean;
  readonly runAsRoot: boolean;
  readonly runAsUser: number;
  readonly runAsGroup: number;
  /** Beside NET_ADMIN and NET_RAW and those of the pod's first container. */
  readonly capabilities?: Whole<CapabilitiesValues> | null | undefined;
  /** Where the xtables lock lives. */
  readonly xtMountPath: { readonly name: string; readonly mountPath: string };
}

export interface NetworkValidatorValues {
  readonly logLevel: string;
  readonly logFormat: string;
  /** Empty: an address that nobody answers, of the right family. */
  readonly connectAddr: string;
  /** Empty: every address, on the outbound port. */
  readonly listenAddr: string;
  readonly timeout: string;
  readonly securityContext: Whole<SecurityContext>;
  /** Only false leaves the security context out. */
  readonly enableSecurityContext?: boolean | null | undefined;
}

/** The trust domain in force: the cluster domain where none is given. */
export function trustDomainOf(values: Deferred<InjectValues>): Value<string> {
  return defaultTo(values.identityTrustDomain, values.clusterDomain);
}
