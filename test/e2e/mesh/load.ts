import type { Pod } from '#lib/resources';
import { ACCOUNT_PORT, type AccountReader, waitForLoad } from '../../support/load.ts';
import type { Account } from '../../support/pods/account.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitForPods } from '../cluster/kubectl.ts';
import { buildNamespace, buildWorkload } from './workloads.ts';

export const LOAD_NAMESPACE = 'e2e-load';
/** The issue asks for 200 requests a second at least. */
const RATE = 250;
const SERVERS = 2;

export interface LoadOptions {
  /** Annotations of the namespace besides that of injection. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A meshed generator that sends requests to two meshed servers, a tenth of them on new connections. */
export async function startLoad({ kubectl }: Cluster, options: LoadOptions = {}): Promise<AccountReader> {
  const annotations = { 'linkerd.io/inject': 'enabled', ...options.annotations };
  await kubectl.apply([buildNamespace(LOAD_NAMESPACE, annotations)]);
  const host = (service: string) => `${service}.${LOAD_NAMESPACE}.svc.cluster.local:8080`;
  const web = { program: 'web.ts', env: { PORT: '8080' }, ports: { http: 8080 }, readyPath: '/ready' };
  const quiet = ['quiet-new', 'quiet-kept'];
  await kubectl.apply(
    [
      ...buildWorkload({ ...web, name: 'web', replicas: SERVERS }),
      ...quiet.flatMap((name) => buildWorkload({ ...web, name })),
      ...buildWorkload({
        name: 'generator',
        program: 'generator.ts',
        env: {
          PORT: String(ACCOUNT_PORT),
          RATE: String(RATE),
          TARGET: host('web'),
          QUIET_NEW_TARGET: host('quiet-new'),
          QUIET_KEPT_TARGET: host('quiet-kept'),
        },
        ports: { account: ACCOUNT_PORT },
      }),
    ],
    { namespace: LOAD_NAMESPACE },
  );
  const pods = await waitForPods(kubectl, { namespace: LOAD_NAMESPACE, count: SERVERS + quiet.length + 1 });
  const generator = pods.find(({ metadata }) => metadata.name.startsWith('generator')) as Pod;
  const readAccount = async () => {
    const response = await fetch(`http://${generator.status?.podIP}:${ACCOUNT_PORT}/`);
    return (await response.json()) as Account;
  };
  await waitForLoad(readAccount);
  return readAccount;
}

export function stopLoad({ kubectl }: Cluster): Promise<void> {
  return kubectl.delete('namespace', LOAD_NAMESPACE);
}
