import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '#lib/resources';
import { planVolume } from '../core/volume-files.ts';
import type { PodContext } from './pod-context.ts';
import { writeVolumeFiles } from './volume-writer.ts';

/** Brings the volumes of a pod to what they refer to now. Throws a MeshError when that is not there. */
export function writeVolumes(context: PodContext): void {
  const { pod, sources } = context.options;
  for (const volume of pod.spec.volumes ?? []) {
    const dir = join(context.podDir, 'volumes', volume.name);
    const plan = planVolume(pod, volume, sources());
    if (plan.type === 'files') writeVolumeFiles(dir, plan.files);
    else if (plan.type === 'empty') makeEmptyVolume(dir);
  }
  context.hasVolumes = true;
}

/** Any user of the pod may write to it. */
function makeEmptyVolume(dir: string): void {
  const mask = process.umask(0);
  mkdirSync(dir, { recursive: true, mode: 0o777 });
  process.umask(mask);
}

/** What names mean in the pod: the cluster's DNS server, and the pod's own name. */
export function writeNameFiles(context: PodContext): void {
  const { options, place, podDir } = context;
  const domain = options.clusterDomain;
  const search = [`${place.namespace}.svc.${domain}`, `svc.${domain}`, domain].join(' ');
  writeFileSync(
    join(podDir, 'resolv.conf'),
    `nameserver ${options.network.dnsIp}\nsearch ${search}\noptions ndots:5\n`,
  );
  const hostname = hostnameOf(options.pod);
  writeFileSync(
    join(podDir, 'hosts'),
    `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${options.podIp}\t${hostname}\n`,
  );
}

export function hostnameOf(pod: Pod): string {
  return pod.spec.hostname ?? pod.metadata.name.slice(0, 63);
}
