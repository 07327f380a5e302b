import { OUTPUT_CHAIN, REDIRECT_CHAIN } from '../contract.ts';
import { groupForMultiport, type PortRange } from './ports.ts';

/** What the nat rules depend on. */
export interface FirewallSettings {
  readonly incomingProxyPort: number;
  readonly outgoingProxyPort: number;
  readonly proxyUid: number;
  /** Undefined or 0: no rule by group. */
  readonly proxyGid: number | undefined;
  /** Empty: every port is redirected. */
  readonly portsToRedirect: readonly PortRange[];
  readonly inboundPortsToIgnore: readonly PortRange[];
  readonly outboundPortsToIgnore: readonly PortRange[];
  /** CIDRs of both families; each family's table takes its own. */
  readonly subnetsToIgnore: readonly string[];
}

export type IpFamily = 'ipv4' | 'ipv6';

/** One rule of the nat table: the chain it is appended to and its match and target, as iptables arguments. */
export interface NatRule {
  readonly chain: string;
  readonly match: string;
  readonly comment: string;
  readonly target: string;
}

/** The rules of both chains, in order. Source: facts sheet injection, section 3, "iptables rules produced". */
export function buildChainRules(settings: FirewallSettings, family: IpFamily): readonly NatRule[] {
  return [...buildRedirectRules(settings, family), ...buildOutputRules(settings)];
}

/** The two rules that lead into the chains. They are added only where they are not there yet. */
export const JUMP_RULES: readonly NatRule[] = [
  { chain: 'PREROUTING', match: '', comment: 'install-proxy-init-prerouting', target: REDIRECT_CHAIN },
  { chain: 'OUTPUT', match: '', comment: 'install-proxy-init-output', target: OUTPUT_CHAIN },
];

function buildRedirectRules(settings: FirewallSettings, family: IpFamily): NatRule[] {
  const chain = REDIRECT_CHAIN;
  const redirect = `REDIRECT --to-ports ${settings.incomingProxyPort}`;
  const subnets = settings.subnetsToIgnore.filter((subnet) => subnet.includes(':') === (family === 'ipv6'));
  const redirects =
    settings.portsToRedirect.length === 0
      ? [{ chain, match: '-p tcp', comment: 'redirect-all-incoming-to-proxy-port', target: redirect }]
      : groupForMultiport(settings.portsToRedirect).map((ports) => ({
          chain,
          match: matchPorts(ports),
          comment: `redirect-port-${ports}-to-proxy-port`,
          target: redirect,
        }));
  return [
    ...buildIgnoredPorts(chain, settings.inboundPortsToIgnore),
    ...subnets.map((subnet) => ({
      chain,
      match: `-s ${subnet}`,
      comment: `ignore-subnet-${subnet}`,
      target: 'RETURN',
    })),
    ...redirects,
  ];
}

function buildOutputRules(settings: FirewallSettings): NatRule[] {
  const chain = OUTPUT_CHAIN;
  const gid = settings.proxyGid ?? 0;
  const byGroup = {
    chain,
    match: `-m owner --gid-owner ${gid}`,
    comment: 'ignore-proxy-group-id',
    target: 'RETURN',
  };
  return [
    {
      chain,
      match: `-m owner --uid-owner ${settings.proxyUid}`,
      comment: 'ignore-proxy-user-id',
      target: 'RETURN',
    },
    ...(gid > 0 ? [byGroup] : []),
    { chain, match: '-o lo', comment: 'ignore-loopback', target: 'RETURN' },
    ...buildIgnoredPorts(chain, settings.outboundPortsToIgnore),
    {
      chain,
      match: '-p tcp',
      comment: 'redirect-all-outgoing-to-proxy-port',
      target: `REDIRECT --to-ports ${settings.outgoingProxyPort}`,
    },
  ];
}

function buildIgnoredPorts(chain: string, ranges: readonly PortRange[]): NatRule[] {
  return groupForMultiport(ranges).map((ports) => ({
    chain,
    match: matchPorts(ports),
    comment: `ignore-port-${ports}`,
    target: 'RETURN',
  }));
}

function matchPorts(ports: string): string {
  return `-p tcp -m multiport --dports ${ports}`;
}
