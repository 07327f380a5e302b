import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

describe('parseConfig()', () => {
  it('reads the arguments that the injector writes', () => {
    const config = parseConfig([
      '--ipv6=false',
      '--firewall-bin-path',
      'iptables-nft',
      '--firewall-save-bin-path',
      'iptables-nft-save',
      '--incoming-proxy-port',
      '4143',
      '--outgoing-proxy-port',
      '4140',
      '--proxy-uid',
      '2102',
      '--inbound-ports-to-ignore',
      '4190,4191,4567,4568',
      '--outbound-ports-to-ignore',
      '4567,4568',
      '--subnets-to-ignore',
      '10.1.0.0/16',
    ]);
    expect(config).toMatchObject({
      ipv6: false,
      firewallBin: 'iptables-nft',
      firewallSaveBin: 'iptables-nft-save',
    });
    expect(config.settings).toMatchObject({
      proxyUid: 2102,
      proxyGid: undefined,
      subnetsToIgnore: ['10.1.0.0/16'],
    });
    expect(config.settings.inboundPortsToIgnore).toHaveLength(4);
  });

  it('takes the legacy backend and both families unless told', () => {
    expect(parseConfig([])).toMatchObject({
      ipv6: true,
      simulate: false,
      firewallBin: 'iptables-legacy',
      firewallSaveBin: 'iptables-legacy-save',
    });
    expect(parseConfig(['--simulate', '-w', '-p', '5143'])).toMatchObject({
      simulate: true,
      useWaitFlag: true,
      settings: { incomingProxyPort: 5143 },
    });
  });

  it('names the flag, its value and what is wanted', () => {
    expect(() => parseConfig(['--incoming-proxy-port', '70000'])).toThrow(
      '--incoming-proxy-port "70000" is not valid: give a port from 1 to 65535',
    );
    expect(() => parseConfig(['--proxy-uid', '0'])).toThrow('--proxy-uid "0"');
    expect(() => parseConfig(['--ipv6=maybe'])).toThrow('--ipv6 "maybe" is not valid: give true or false');
    expect(() => parseConfig(['--subnets-to-ignore', '10.0.0.0/33'])).toThrow('10.0.0.0/33');
    expect(() => parseConfig(['--inbound-ports-to-ignore', '25,x'])).toThrow('ports and ranges');
    expect(() => parseConfig(['--bogus'])).toThrow(/bogus.*--help lists the flags/s);
  });
});
