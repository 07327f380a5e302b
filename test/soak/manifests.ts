import type { KubeObject, Service } from '#lib/resources';
import { buildNamespace, buildWorkload } from '../integration/mesh/manifests.ts';
import { ACCOUNT_PORT, PORT } from './pods/ports.ts';

const PODS_DIR = new URL('pods/', import.meta.url).pathname;
const CONFIG = 'config.linkerd.io/';
/** Steady are measured all the time; those of `churn` come, go and are killed. */
export const STEADY = { name: 'steady', replicas: 2 } as const;
export const CHURN = { name: 'churn', mostReplicas: 4 } as const;
export const TRAFFIC = 'traffic';
/** The one Service that leads to all of them. */
const TARGET = 'web';
/** Label sets of pods that are gone go within the warm-up, also of a short soak. */
const RETAIN_METRICS = '45s';

const MEASURED = {
  [`${CONFIG}proxy-additional-env`]: JSON.stringify([
    { name: 'LINKERD2_PROXY_METRICS_RETAIN_IDLE', value: RETAIN_METRICS },
  ]),
};
const OPAQUE = { [`${CONFIG}opaque-ports`]: `${PORT.opaque}` };

/** All of the soak's mesh, with so many replicas of what comes and goes. */
export function buildManifests(churnReplicas: number): KubeObject[] {
  return [
    buildNamespace(),
    ...buildApp(STEADY.name, STEADY.replicas),
    ...buildApp(CHURN.name, churnReplicas),
    buildService(),
    ...buildWorkload({
      name: TRAFFIC,
      command: ['node', `${PODS_DIR}traffic.ts`],
      env: { TARGET: `${TARGET}.shop.svc.cluster.local` },
      ports: { account: ACCOUNT_PORT },
      readyPath: '/',
      annotations: { ...MEASURED, [`${CONFIG}skip-inbound-ports`]: `${ACCOUNT_PORT}` },
    }),
  ];
}

function buildApp(name: string, replicas: number): KubeObject[] {
  const objects = buildWorkload({
    name,
    replicas,
    command: ['node', `${PODS_DIR}app.ts`],
    ports: PORT,
    readyPath: '/',
    annotations: { ...MEASURED, ...OPAQUE },
  });
  for (const object of objects) {
    const { labels } = (object as { spec?: { template?: { metadata: { labels: Record<string, string> } } } })
      .spec?.template?.metadata ?? { labels: {} };
    labels['serves'] = TARGET;
  }
  return objects.filter(({ kind }) => kind !== 'Service');
}

function buildService(): Service {
  const ports = Object.entries(PORT).map(([name, port]) => ({ name, port, targetPort: port }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: TARGET, namespace: 'shop', annotations: OPAQUE },
    spec: { selector: { serves: TARGET }, ports },
  };
}
