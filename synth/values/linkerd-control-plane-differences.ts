import { IMAGE } from '../images/contract.ts';
import { VERSION } from './version.ts';

/** What is not as in upstream's chart of the same name; printed in the README of ours. */
export interface Difference {
  /** Values, or objects. */
  readonly what: string;
  readonly upstream: string;
  readonly ours: string;
  readonly why: string;
}

const VALUES: readonly Difference[] = [
  {
    what: '`controllerImage`, `proxy.image.name`, `debugContainer.image.name`',
    upstream: 'of `cr.l5d.io/linkerd`',
    ours: `\`${IMAGE.controller}\`, \`${IMAGE.proxy}\`, \`${IMAGE.debug}\``,
    why: 'other programs',
  },
  { what: '`linkerdVersion`', upstream: 'its own', ours: `\`${VERSION}\``, why: 'another version' },
  {
    what: '`disableHeartBeat`',
    upstream: '`false`',
    ours: '`true`; `false` is refused',
    why: 'nothing phones home',
  },
  {
    what: '`identityTrustAnchorsPEM`',
    upstream: 'may be empty, which starts a mesh that trusts nobody',
    ours: 'required, unless `identity.externalCA`',
    why: 'told before anything is installed',
  },
  {
    what: '`identity.trustAnchorsPEM`',
    upstream: 'unknown',
    ours: 'another name of `identityTrustAnchorsPEM`',
    why: 'many guides write it so',
  },
  {
    what: '`enableEndpointSlices`',
    upstream: '`false` reads Endpoints',
    ours: '`false` is refused',
    why: 'Kubernetes has deprecated Endpoints',
  },
  {
    what: '`enablePSP`',
    upstream: '`true` makes a PodSecurityPolicy',
    ours: '`true` is refused',
    why: 'Kubernetes has none since 1.25',
  },
  {
    what: '`podMonitor.controller.namespaceSelector`',
    upstream: 'a text that is a template',
    ours: 'the selector itself; empty for the same default',
    why: 'a value is data',
  },
  {
    what: '`proxyInjector.podAnnotations`',
    upstream: 'ignored: its pods get those of `identity`',
    ours: "the injector's pods get them",
    why: 'as the name says',
  },
  {
    what: '`profileValidator`, `policyValidator`, `spValidator`, `heartbeat…`, `enablePprof`',
    upstream: 'programs and endpoints',
    ours: 'accepted, without effect',
    why: 'these parts are not built (yet)',
  },
];

const OBJECTS: readonly Difference[] = [
  {
    what: 'Certificates of webhooks',
    upstream: 'made by Helm, anew at every upgrade',
    ours: 'yours, or made and renewed by the webhook at run time',
    why: 'same values, same manifests; an upgrade replaces no pods without need',
  },
  {
    what: '`checksum/config` of pods',
    upstream: 'changes at every upgrade',
    ours: 'changes with the certificate that you give',
    why: 'the same',
  },
  {
    what: 'RBAC',
    upstream: 'also for what only extensions use',
    ours: 'what our programs call, and nothing else',
    why: 'least privilege',
  },
  {
    what: '`resources` without any quantity',
    upstream: '`null`',
    ours: 'left out',
    why: 'a null is no manifest',
  },
];

export const DIFFERENCES: readonly Difference[] = [...VALUES, ...OBJECTS];
