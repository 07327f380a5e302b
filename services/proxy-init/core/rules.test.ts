import { describe, expect, it } from 'vitest';
import { groupForMultiport, parsePortRanges } from './ports.ts';
import { choosePrograms } from './programs.ts';
import { renderRestore } from './restore.ts';
import type { FirewallSettings } from './rules.ts';

const DEFAULTS: FirewallSettings = {
  incomingProxyPort: 4143,
  outgoingProxyPort: 4140,
  proxyUid: 2102,
  proxyGid: undefined,
  portsToRedirect: [],
  inboundPortsToIgnore: [
    { from: 4190, to: 4190 },
    { from: 4191, to: 4191 },
    { from: 4567, to: 4568 },
  ],
  outboundPortsToIgnore: [{ from: 4567, to: 4568 }],
  subnetsToIgnore: [],
};

describe('renderRestore()', () => {
  it('renders the rules of an injected pod', () => {
    expect(renderRestore(DEFAULTS, 'ipv4', '')).toBe(`*nat
:PROXY_INIT_REDIRECT - [0:0]
:PROXY_INIT_OUTPUT - [0:0]
-A PROXY_INIT_REDIRECT -p tcp -m multiport --dports 4190,4191,4567:4568 -m comment --comment "proxy-init/ignore-port-4190,4191,4567:4568" -j RETURN
-A PROXY_INIT_REDIRECT -p tcp -m comment --comment "proxy-init/redirect-all-incoming-to-proxy-port" -j REDIRECT --to-ports 4143
-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -m comment --comment "proxy-init/ignore-proxy-user-id" -j RETURN
-A PROXY_INIT_OUTPUT -o lo -m comment --comment "proxy-init/ignore-loopback" -j RETURN
-A PROXY_INIT_OUTPUT -p tcp -m multiport --dports 4567:4568 -m comment --comment "proxy-init/ignore-port-4567:4568" -j RETURN
-A PROXY_INIT_OUTPUT -p tcp -m comment --comment "proxy-init/redirect-all-outgoing-to-proxy-port" -j REDIRECT --to-ports 4140
-A PREROUTING -m comment --comment "proxy-init/install-proxy-init-prerouting" -j PROXY_INIT_REDIRECT
-A OUTPUT -m comment --comment "proxy-init/install-proxy-init-output" -j PROXY_INIT_OUTPUT
COMMIT
`);
  });

  it('adds no jump that is there', () => {
    const saved = [
      '-A PREROUTING -m comment --comment "proxy-init/install-proxy-init-prerouting" -j PROXY_INIT_REDIRECT',
      '-A OUTPUT -m comment --comment "proxy-init/install-proxy-init-output" -j PROXY_INIT_OUTPUT',
    ].join('\n');
    expect(renderRestore(DEFAULTS, 'ipv4', saved)).not.toMatch(/-A (PREROUTING|OUTPUT) /);
    expect(renderRestore(DEFAULTS, 'ipv4', saved.split('\n')[0] ?? '')).toMatch(/-A OUTPUT /);
  });

  it('gives each family its own subnets, the group its rule, and redirects only listed ports', () => {
    const settings: FirewallSettings = {
      ...DEFAULTS,
      proxyGid: 3000,
      subnetsToIgnore: ['10.0.0.0/8', 'fd00::/8'],
      portsToRedirect: [{ from: 80, to: 80 }],
    };
    const v4 = renderRestore(settings, 'ipv4', '');
    const v6 = renderRestore(settings, 'ipv6', '');
    expect(v4).toContain('-s 10.0.0.0/8 ');
    expect(v4).not.toContain('fd00::/8');
    expect(v6).toContain('-s fd00::/8 ');
    expect(v6).not.toContain('10.0.0.0/8');
    expect(v4).toContain('-m owner --gid-owner 3000 ');
    expect(v4).toContain('-p tcp -m multiport --dports 80 -m comment');
    expect(v4).not.toContain('redirect-all-incoming');
  });
});

describe('groupForMultiport()', () => {
  it('puts at most 15 slots in a rule, a range taking two', () => {
    const singles = Array.from({ length: 14 }, (_, i) => ({ from: i + 1, to: i + 1 }));
    expect(groupForMultiport([...singles, { from: 100, to: 200 }, { from: 300, to: 300 }])).toEqual([
      '1,2,3,4,5,6,7,8,9,10,11,12,13,14',
      '100:200,300',
    ]);
    expect(groupForMultiport([])).toEqual([]);
  });
});

describe('parsePortRanges()', () => {
  it('refuses what is no port', () => {
    for (const text of ['0', '65536', '80-79', 'http', '1-2-3', '-1'])
      expect(parsePortRanges(text)).toBeUndefined();
    expect(parsePortRanges(' 80, 90-91,')).toEqual([
      { from: 80, to: 80 },
      { from: 90, to: 91 },
    ]);
  });
});

describe('choosePrograms()', () => {
  it('names the restore program and the IPv6 twins, folder kept', () => {
    expect(choosePrograms('/usr/iptables/iptables-nft', 'iptables-nft-save', 'ipv6')).toEqual({
      main: '/usr/iptables/ip6tables-nft',
      save: 'ip6tables-nft-save',
      restore: '/usr/iptables/ip6tables-nft-restore',
    });
  });
});
