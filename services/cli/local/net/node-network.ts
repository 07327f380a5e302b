import { formatCidr } from '../core/cidr.ts';
import { hostLinkName, nodeNetnsName, podLinkName, podNetnsName } from '../core/names.ts';
import { runCommand, runInNetns, runIpBatch } from './command.ts';
import type { NetworkPlan } from './plan.ts';

/** The address that every pod has as its router; it is never seen outside of the link. */
const GATEWAY_IP = '169.254.1.1';
const NODE_END = 'host0';

/**
 * Makes the node: a network namespace that routes between pods, and one link from the host to it with routes to
 * both ranges. The host's own firewall is left alone: packets pass the node's.
 */
export async function createNodeNetwork(instance: string, plan: NetworkPlan): Promise<void> {
  const node = nodeNetnsName(instance);
  const link = hostLinkName(instance);
  const [pods, services] = [formatCidr(plan.podCidr), formatCidr(plan.serviceCidr)];
  await runCommand(['ip', 'netns', 'add', node]);
  await runInNetns(node, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  await runIpBatch(undefined, [`link add ${link} type veth peer name ${NODE_END} netns ${node}`]);
  await runIpBatch(node, [
    'link set lo up',
    `addr add ${GATEWAY_IP}/32 dev lo`,
    `addr add ${plan.dnsIp}/32 dev lo`,
    `addr add ${plan.nodeIp}/32 dev ${NODE_END}`,
    `link set ${NODE_END} up`,
    `route add ${plan.hostIp}/32 dev ${NODE_END} src ${plan.nodeIp}`,
    // Cluster IPs without endpoints must have a way, so that the firewall gets to refuse them.
    `route add ${services} dev ${NODE_END}`,
  ]);
  await runIpBatch(undefined, [
    `addr add ${plan.hostIp}/32 dev ${link}`,
    `link set ${link} up`,
    `route add ${plan.nodeIp}/32 dev ${link} src ${plan.hostIp}`,
    `route add ${pods} via ${plan.nodeIp} src ${plan.hostIp}`,
    `route add ${services} via ${plan.nodeIp} src ${plan.hostIp}`,
  ]);
}

/** Deletes the host's end of the link, and with it the routes; one that is not there is fine. */
export async function deleteHostLink(instance: string): Promise<void> {
  const link = hostLinkName(instance);
  if (!(await hasLink(link))) return;
  try {
    await runCommand(['ip', 'link', 'del', link]);
  } catch (error) {
    // It may have ended by itself meanwhile, with the namespace at its other end.
    if (await hasLink(link)) throw error;
  }
}

async function hasLink(link: string): Promise<boolean> {
  const links = JSON.parse(await runCommand(['ip', '-j', 'link', 'show'])) as { ifname: string }[];
  return links.some(({ ifname }) => ifname === link);
}

export interface PodPlace {
  readonly instance: string;
  readonly namespace: string;
  readonly name: string;
  readonly podIp: string;
}

/** Makes a pod's namespace, with `podIp` on a link to the node and everything else behind the node. */
export async function createPodNetwork(place: PodPlace): Promise<string> {
  const netns = podNetnsName(place.instance, place);
  const link = podLinkName(place.podIp);
  await runCommand(['ip', 'netns', 'add', netns]);
  await runIpBatch(nodeNetnsName(place.instance), [
    `link add ${link} type veth peer name eth0 netns ${netns}`,
    `link set ${link} up`,
    `route add ${place.podIp}/32 dev ${link}`,
  ]);
  await runIpBatch(netns, [
    'link set lo up',
    `addr add ${place.podIp}/32 dev eth0`,
    'link set eth0 up',
    `route add ${GATEWAY_IP} dev eth0 scope link`,
    `route add default via ${GATEWAY_IP} dev eth0 src ${place.podIp}`,
  ]);
  return netns;
}

/** Deletes a pod's namespace and link. Its processes must have ended. */
export async function deletePodNetwork(place: PodPlace): Promise<void> {
  await runCommand(['ip', 'netns', 'del', podNetnsName(place.instance, place)]);
  // The link ends with the namespace, but some time later; until then its address would not be free.
  await runCommand([
    'ip',
    '-n',
    nodeNetnsName(place.instance),
    'link',
    'del',
    podLinkName(place.podIp),
  ]).catch(() => {});
}

/** Replaces the node's tables as a whole. */
export async function applyNatTables(instance: string, tables: string): Promise<void> {
  await runInNetns(nodeNetnsName(instance), ['iptables-restore'], tables);
}
