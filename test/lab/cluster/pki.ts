import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../build/command.ts';
import { NETWORK, NODE_NAME, SERVER, STATE } from '../config.ts';

/** As kubernetes/pki reads it: without an issuer it is an authority. */
interface CertificateRequest {
  readonly name: string;
  readonly issuer?: string;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

const API_SERVER_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  `kubernetes.default.svc.${NETWORK.domain}`,
];
const SERVER_ADDRESSES = ['127.0.0.1', NETWORK.nodeIp];

/** What a client is called decides what it may do: these names are in Kubernetes' own role bindings. */
const CLIENTS = {
  admin: { commonName: 'lab-admin', organizations: ['system:masters'] },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-scheduler': { commonName: 'system:kube-scheduler' },
  'kube-proxy': { commonName: 'system:kube-proxy' },
  kubelet: { commonName: `system:node:${NODE_NAME}`, organizations: ['system:nodes'] },
} as const;

const REQUESTS: readonly CertificateRequest[] = [
  { name: 'ca', commonName: 'lab' },
  { name: 'front-proxy-ca', commonName: 'lab-front-proxy' },
  { name: 'service-account', commonName: 'service-account' },
  { name: 'etcd', issuer: 'ca', commonName: 'etcd', addresses: SERVER_ADDRESSES },
  {
    name: 'kube-apiserver',
    issuer: 'ca',
    commonName: 'kube-apiserver',
    dnsNames: API_SERVER_NAMES,
    addresses: [...SERVER_ADDRESSES, NETWORK.kubernetesService],
  },
  {
    name: 'kube-apiserver-kubelet-client',
    issuer: 'ca',
    commonName: 'api',
    organizations: ['system:masters'],
  },
  { name: 'front-proxy-client', issuer: 'front-proxy-ca', commonName: 'front-proxy-client' },
  {
    name: 'kubelet-server',
    issuer: 'ca',
    commonName: `system:node:${NODE_NAME}`,
    organizations: ['system:nodes'],
    dnsNames: [NODE_NAME],
    addresses: SERVER_ADDRESSES,
  },
  ...Object.entries(CLIENTS).map(([name, client]) => ({ name, issuer: 'ca', ...client })),
];

export function certificateFile(name: string): string {
  return join(STATE.pki, `${name}.crt`);
}

export function keyFile(name: string): string {
  return join(STATE.pki, `${name}.key`);
}

export function kubeconfigFile(client: keyof typeof CLIENTS): string {
  return client === 'admin' ? STATE.kubeconfig : join(STATE.settings, `${client}.kubeconfig`);
}

/** Writes all certificates, keys and kubeconfigs; `program` is the one of kubernetes/pki. */
export async function writePki(program: string): Promise<void> {
  await Promise.all([STATE.pki, STATE.settings].map((folder) => mkdir(folder, { recursive: true })));
  await runCommand(program, [STATE.pki], { input: JSON.stringify(REQUESTS) });
  for (const client of Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])
    await writeFile(kubeconfigFile(client), await renderKubeconfig(client), { mode: 0o600 });
}

/** With everything inside, so that the file can be copied. */
async function renderKubeconfig(client: string): Promise<string> {
  const [ca, certificate, key] = await Promise.all(
    [certificateFile('ca'), certificateFile(client), keyFile(client)].map((file) => readFile(file, 'base64')),
  );
  const cluster = { server: SERVER, 'certificate-authority-data': ca };
  const user = { 'client-certificate-data': certificate, 'client-key-data': key };
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster }],
      users: [{ name: client, user }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: client } }],
      'current-context': 'lab',
    },
    undefined,
    2,
  );
}
