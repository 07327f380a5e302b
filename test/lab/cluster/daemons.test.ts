import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NETWORK } from '../config.ts';
import { commandOf, DAEMONS } from './daemons.ts';

/** `clusterNetworks` of Linkerd's chart: what is not in them counts as outside of the cluster. */
const LINKERD_NETWORKS = new BlockList();
LINKERD_NETWORKS.addSubnet('10.0.0.0', 8);
LINKERD_NETWORKS.addSubnet('100.64.0.0', 10);
LINKERD_NETWORKS.addSubnet('172.16.0.0', 12);
LINKERD_NETWORKS.addSubnet('192.168.0.0', 16);

describe('the daemons', () => {
  it('start each as a part of the one program, but containerd', () => {
    const starts = DAEMONS.map((daemon) => commandOf(daemon, '/k').slice(0, 2).join(' '));
    expect(starts).toContain('/k kubelet');
    expect(starts.filter((start) => !start.startsWith('/k '))).toEqual([
      expect.stringMatching(/^containerd /),
    ]);
  });

  it('serve aggregated APIs, tokens for any audience, and commands in pods', () => {
    const flags = commandOf('kube-apiserver', '/k').join('\n');
    expect(flags).toContain('--enable-aggregator-routing=true');
    expect(flags).toMatch(/--proxy-client-cert-file=\S+front-proxy-client\.crt/);
    expect(flags).toMatch(/--service-account-issuer=https:/);
    expect(flags).toContain('--kubelet-preferred-address-types=InternalIP,Hostname');
  });

  it('give pods and services addresses that Linkerd takes for the cluster', () => {
    for (const network of [NETWORK.pods, NETWORK.services, NETWORK.nodeIp])
      expect(LINKERD_NETWORKS.check(network.replace(/\/.*/, ''))).toBe(true);
  });
});
