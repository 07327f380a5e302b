import { askLinkerd, MESH } from './linkerd.ts';

export const NAMESPACE = 'shop';

/** A pod of the shop. */
export interface ShopPod {
  readonly name: string;
  readonly ip: string;
  /** Its network namespace. */
  readonly netns: string;
  /** The name in its certificate. */
  readonly identity: string;
}

/** The running mesh, as `linkerd local status` tells it. */
export interface DemoMesh {
  readonly logsDir: string;
  readonly trustAnchorsFile: string;
  /** One pod of each Deployment of the shop. */
  readonly pods: Readonly<Record<'web' | 'traffic' | 'outsider', ShopPod>>;
}

interface Status {
  readonly logsDir: string;
  readonly trustAnchorsFile: string;
  readonly controlPlaneNamespace: string;
  readonly trustDomain: string;
  readonly pods: readonly { readonly namespace: string; readonly name: string; readonly ip: string }[];
}

export async function readMesh(): Promise<DemoMesh> {
  const status = JSON.parse(await askLinkerd(['local', 'status', '-o', 'json'])) as Status;
  const find = (deployment: string): ShopPod => {
    const pod = status.pods.find(
      ({ namespace, name }) => namespace === NAMESPACE && name.startsWith(`${deployment}-`),
    );
    if (pod === undefined) throw new Error(`the shop has no pod of ${deployment}: see linkerd local status`);
    const suffix = `serviceaccount.identity.${status.controlPlaneNamespace}.${status.trustDomain}`;
    return {
      name: pod.name,
      ip: pod.ip,
      netns: `l5d-${MESH}_${NAMESPACE}_${pod.name}`,
      identity: `${deployment}.${NAMESPACE}.${suffix}`,
    };
  };
  return { ...status, pods: { web: find('web'), traffic: find('traffic'), outsider: find('outsider') } };
}
