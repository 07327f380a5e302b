import { ANNOTATION, type Container, type Namespace, type Pod } from '#lib/resources';
import { PROXY_CONTAINER, PROXY_INIT_CONTAINER } from '../../proxy/contract.ts';
import { findServiceAccountMount } from './service-account-mount.ts';

/** Why a pod is left alone: metric code → text for people. Source: facts sheet injection, section 1. */
export const SKIP_REASON_TEXT = {
  host_network_enabled: 'hostNetwork is enabled',
  sidecar_already_exists: 'pod has a sidecar injected already',
  unsupported_resource: 'this resource kind is unsupported',
  injection_enable_annotation_absent:
    'neither the namespace nor the pod have the annotation "linkerd.io/inject:enabled"',
  injection_disable_annotation_present: 'pod has the annotation "linkerd.io/inject:disabled"',
  invalid_inject_annotation_at_workload: 'invalid value for annotation "linkerd.io/inject" at workload',
  invalid_inject_annotation_at_ns: 'invalid value for annotation "linkerd.io/inject" at namespace',
  disabled_automount_service_account_token_account:
    'automountServiceAccountToken set to "false", with Values.identity.serviceAccountTokenProjection set to "false"',
  udp_ports_enabled: 'UDP port(s) configured on pod spec',
} as const;

export type SkipReason = keyof typeof SKIP_REASON_TEXT;
export type InjectMode = 'enabled' | 'ingress';
/** Where the annotation that decided stands; empty when there is none. */
export type AnnotationPlace = 'namespace' | 'workload' | '';

export type InjectionDecision =
  | { readonly inject: true; readonly mode: InjectMode; readonly annotationAt: AnnotationPlace }
  | {
      readonly inject: false;
      readonly reasons: readonly SkipReason[];
      readonly annotationAt: AnnotationPlace;
    };

export interface InjectionQuestion {
  readonly pod: Pod;
  readonly namespace: Namespace;
  /** `identity.serviceAccountTokenProjection` of the values. */
  readonly tokenProjection: boolean;
  /** `linkerd inject --manual` does not ask the namespace. @default webhook */
  readonly origin?: 'webhook' | 'cli';
}

/** Whether the pod gets a proxy, and if not, every reason why. */
export function decideInjection(question: InjectionQuestion): InjectionDecision {
  const { pod } = question;
  const wish = readWish(question);
  const reasons: SkipReason[] = [];
  if (pod.spec.hostNetwork === true) reasons.push('host_network_enabled');
  if (hasSidecar(pod)) reasons.push('sidecar_already_exists');
  if ('reason' in wish) reasons.push(wish.reason);
  if (!question.tokenProjection && lacksToken(question)) {
    reasons.push('disabled_automount_service_account_token_account');
  }
  if ('reason' in wish || reasons.length > 0) {
    return { inject: false, reasons, annotationAt: wish.annotationAt };
  }
  return { inject: true, mode: wish.mode, annotationAt: wish.annotationAt };
}

/** The reasons as events and logs show them. */
export function describeSkipReasons(reasons: readonly SkipReason[]): string {
  return reasons.map((reason) => SKIP_REASON_TEXT[reason]).join(', ');
}

type Wish =
  | { readonly mode: InjectMode; readonly annotationAt: AnnotationPlace }
  | { readonly reason: SkipReason; readonly annotationAt: AnnotationPlace };

/** What the annotations ask for; the pod's own beats the namespace's. */
function readWish({ pod, namespace, origin }: InjectionQuestion): Wish {
  const own = pod.metadata.annotations?.[ANNOTATION.inject] ?? '';
  const asksNamespace = origin !== 'cli';
  const ofNamespace = asksNamespace ? (namespace.metadata.annotations?.[ANNOTATION.inject] ?? '') : 'enabled';
  if (!isKnown(ofNamespace)) return { reason: 'invalid_inject_annotation_at_ns', annotationAt: 'namespace' };
  if (!isKnown(own)) return { reason: 'invalid_inject_annotation_at_workload', annotationAt: 'workload' };
  if (own === 'disabled') return { reason: 'injection_disable_annotation_present', annotationAt: 'workload' };
  if (own !== '') return { mode: own, annotationAt: 'workload' };
  if (ofNamespace === '' || ofNamespace === 'disabled') {
    return { reason: 'injection_enable_annotation_absent', annotationAt: '' };
  }
  return { mode: ofNamespace, annotationAt: asksNamespace ? 'namespace' : '' };
}

function isKnown(value: string): value is InjectMode | 'disabled' | '' {
  return ['', 'enabled', 'disabled', 'ingress'].includes(value);
}

const SIDECAR_NAMES: readonly string[] = [PROXY_CONTAINER, 'istio-proxy'];
const SIDECAR_IMAGES = ['cr.l5d.io/linkerd/proxy:', 'gcr.io/istio-release/proxyv2:'];
const INIT_NAMES: readonly string[] = [PROXY_INIT_CONTAINER, 'istio-init'];
const INIT_IMAGES = ['cr.l5d.io/linkerd/proxy-init:', 'gcr.io/istio-release/proxy_init:'];

function hasSidecar({ spec }: Pod): boolean {
  const inits = spec.initContainers ?? [];
  const isSidecar = (container: Container) => matches(container, SIDECAR_NAMES, SIDECAR_IMAGES);
  const isInit = (container: Container) => matches(container, INIT_NAMES, INIT_IMAGES);
  return [...inits, ...spec.containers].some(isSidecar) || inits.some(isInit);
}

function matches(container: Container, names: readonly string[], images: readonly string[]): boolean {
  return names.includes(container.name) || images.some((prefix) => container.image?.startsWith(prefix));
}

/** Without a projected token the proxy needs the default one, which a webhook sees mounted already. */
function lacksToken({ pod, origin }: InjectionQuestion): boolean {
  if (pod.spec.automountServiceAccountToken === false) return true;
  return origin !== 'cli' && findServiceAccountMount(pod.spec) === undefined;
}
