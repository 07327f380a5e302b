import { MeshError } from '#lib/base';
import type { KubeObject, Service } from '#lib/resources';
import { enterNetwork } from '../local/rootless/enter.ts';
import { type Instance, readInstance } from '../local/state/instance.ts';
import { describeMissing } from '../local/status.ts';
import { describeMeshPods, type MeshPod } from './mesh-pod.ts';

/** A running mesh that commands ask. */
export interface Mesh {
  readonly instance: Instance;
  readonly objects: readonly KubeObject[];
  readonly pods: readonly MeshPod[];
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
}

/**
 * The local mesh of that name as it is now; its pods can be reached from here, for which this program may begin
 * anew. Throws a MeshError when there is none or it has crashed.
 */
export function openMesh(options: { readonly name: string; readonly localDir: string }): Mesh {
  const state = readInstance(options.name, options.localDir);
  if (state === undefined) throw describeMissing(options);
  const { instance, objects } = state;
  if (!state.running) {
    throw new MeshError(
      'LOCAL_CRASHED',
      `the process of the local mesh ${options.name} has crashed: run "linkerd local down --name ${options.name}", then bring it up again`,
    );
  }
  enterNetwork(instance, options.localDir);
  const services = objects.filter((object): object is Service => object.kind === 'Service');
  return {
    instance,
    objects,
    pods: describeMeshPods(objects, instance.controlPlaneNamespace),
    services: services.map(({ metadata }) => ({
      namespace: metadata.namespace ?? 'default',
      name: metadata.name,
    })),
  };
}
