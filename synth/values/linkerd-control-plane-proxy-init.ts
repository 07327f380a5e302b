import type { SecurityContext } from '#lib/resources';
import { logFormat } from './linkerd-control-plane-parts.ts';
import { flag, group, integer, nullable, optional, text, textOrNumber, whole } from './spec.ts';

const NOBODY = 65_534;

interface Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

export const proxyInit = group('The container that redirects the traffic of a pod to its proxy.', {
  iptablesMode: text('nft', 'The iptables to use, `nft` or `legacy`; empty for `legacy`.'),
  ignoreInboundPorts: textOrNumber(
    '4567,4568',
    'Ports and ranges that bypass the proxy inbound, as a comma list.',
  ),
  ignoreOutboundPorts: textOrNumber(
    '4567,4568',
    'Ports and ranges that bypass the proxy outbound, as a comma list.',
  ),
  kubeAPIServerPorts: textOrNumber(
    '443,6443',
    'What control-plane pods bypass outbound instead, as a comma list.',
  ),
  skipSubnets: text('', 'Networks whose inbound traffic bypasses the proxy, as a comma list.'),
  logLevel: text('', 'What it logs; empty for `info`.'),
  logFormat: logFormat('', 'How it logs; empty for `plain`.'),
  closeWaitTimeoutSecs: integer(0, "The kernel's time for half-closed connections; 0 leaves it as it is.", {
    minimum: 0,
  }),
  privileged: flag(false, 'Run it privileged.'),
  runAsRoot: flag(false, 'Run it as root.'),
  runAsUser: integer(NOBODY, 'The user it runs as, unless as root.', { minimum: 0 }),
  runAsGroup: integer(NOBODY, 'The group it runs as, unless as root.', { minimum: 0 }),
  xtMountPath: group('Where the lock of iptables lives.', {
    mountPath: text('/run', 'The directory.'),
    name: text('linkerd-proxy-init-xtables-lock', 'The name of the volume.'),
  }),
  capabilities: optional(
    nullable(whole<Capabilities>(null, 'Accepted, without effect: it has NET_ADMIN and NET_RAW.')),
  ),
});

const SECURITY_CONTEXT: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: NOBODY,
  runAsNonRoot: true,
  runAsUser: NOBODY,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const networkValidator = group(
  'With a CNI plugin: the container that sees whether traffic is redirected.',
  {
    logLevel: text('debug', 'What it logs.'),
    logFormat: logFormat('plain', 'How it logs: `plain` or `json`.'),
    connectAddr: text('', 'Where it connects; empty for an address that nobody else answers.'),
    listenAddr: text('', 'Where it answers; empty for the outbound port of the proxy.'),
    timeout: text('10s', 'How long it tries before the pod fails.'),
    securityContext: whole<SecurityContext>(SECURITY_CONTEXT, 'Its security context.'),
    enableSecurityContext: optional(nullable(flag(null, 'Only `false` leaves the security context out.'))),
  },
);
