import { MeshError } from '#lib/base';
import { type Cidr, formatCidr, formatIp, overlaps, parseCidr } from '../core/cidr.ts';
import { DNS_OFFSET } from '../core/service-ips.ts';
import { runCommand } from './command.ts';

/** The addresses of one local mesh. */
export interface NetworkPlan {
  readonly podCidr: Cidr;
  readonly serviceCidr: Cidr;
  /** The node's own address: where the host's packets go, and what hairpin connections come from. */
  readonly nodeIp: string;
  /** The host's address on the link to the node: what probes come from. */
  readonly hostIp: string;
  readonly dnsIp: string;
}

/** The first pod address; those before it are the node's and the host's. */
export const RESERVED_POD_IPS = 5;

const POD_CANDIDATES = Array.from({ length: 16 }, (_, index) => `10.${42 + index}.0.0/16`);
const SERVICE_CANDIDATES = Array.from({ length: 16 }, (_, index) => `10.${96 + index}.0.0/16`);

export interface WantedRanges {
  /** Absent: the first of 10.42.0.0/16, 10.43.0.0/16, … that the host does not use. */
  readonly podCidr?: string | undefined;
  /** Absent: the first of 10.96.0.0/16, 10.97.0.0/16, … that the host does not use. */
  readonly serviceCidr?: string | undefined;
}

/** Chooses the ranges of a mesh. Rejects with a MeshError when a wanted range is malformed or in use. */
export async function planNetwork(wanted: WantedRanges): Promise<NetworkPlan> {
  const used = await listUsedRanges();
  const podCidr = chooseRange('--pod-cidr', wanted.podCidr, { candidates: POD_CANDIDATES, used });
  const serviceCidr = chooseRange('--service-cidr', wanted.serviceCidr, {
    candidates: SERVICE_CANDIDATES,
    used,
  });
  if (overlaps(podCidr, serviceCidr)) {
    throw new MeshError(
      'CIDR_OVERLAP',
      `--pod-cidr ${formatCidr(podCidr)} and --service-cidr ${formatCidr(serviceCidr)} overlap: choose two ranges that don't`,
    );
  }
  return {
    podCidr,
    serviceCidr,
    nodeIp: formatIp(podCidr.first + 1),
    hostIp: formatIp(podCidr.first + 2),
    dnsIp: formatIp(serviceCidr.first + DNS_OFFSET),
  };
}

interface Choice {
  readonly candidates: readonly string[];
  readonly used: readonly Cidr[];
}

function chooseRange(flag: string, wanted: string | undefined, { candidates, used }: Choice): Cidr {
  if (wanted !== undefined) return checkRange(flag, wanted, used);
  for (const candidate of candidates) {
    const cidr = parseCidr(candidate);
    if (cidr !== undefined && !used.some((range) => overlaps(range, cidr))) return cidr;
  }
  throw new MeshError(
    'CIDR_NONE_FREE',
    `this host has routes to all of ${candidates[0]} … ${candidates.at(-1)}: give a free range with ${flag}`,
  );
}

function checkRange(flag: string, wanted: string, used: readonly Cidr[]): Cidr {
  const cidr = parseCidr(wanted);
  if (cidr === undefined || cidr.bits > 24) {
    throw new MeshError(
      'CIDR_INVALID',
      `${flag} ${JSON.stringify(wanted)} is not valid: give an IPv4 range of /24 or larger, such as 10.42.0.0/16`,
    );
  }
  const taken = used.find((range) => overlaps(range, cidr));
  if (taken === undefined) return cidr;
  throw new MeshError(
    'CIDR_IN_USE',
    `${flag} ${wanted} overlaps ${formatCidr(taken)}, to which this host has a route: choose another range`,
  );
}

/** The destinations of the host's routes, the default one left out. */
async function listUsedRanges(): Promise<readonly Cidr[]> {
  const routes = JSON.parse(await runCommand(['ip', '-4', '-j', 'route', 'show', 'table', 'all'])) as {
    dst?: string;
  }[];
  return routes.flatMap(({ dst }) => {
    if (dst === undefined || dst === 'default') return [];
    return parseCidr(dst.includes('/') ? dst : `${dst}/32`) ?? [];
  });
}
