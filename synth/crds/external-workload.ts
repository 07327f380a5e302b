import type { CrdDefinition, PrinterColumn } from './definition.ts';
import { AGE } from './definition.ts';
import { PROBED_CONDITIONS } from './parts/condition.ts';
import { PORT } from './parts/route.ts';
import { amend, array, integer, object, string } from './schema.ts';

const NAME_LENGTH = { minLength: 1, maxLength: 253 } as const;

const MESH_TLS = object(
  'How the workload is known in the mesh.',
  {
    identity: string('The name in its certificate: a SPIFFE id as a rule.', NAME_LENGTH),
    serverName: string('The name that clients ask for (SNI).', NAME_LENGTH),
  },
  { required: ['identity', 'serverName'] },
);

const NAMED_PORT = object(
  'A port.',
  {
    name: string('Name of the port. linkerd-proxy is where its proxy listens, if not at 4143.'),
    port: integer('Number of the port.', PORT),
    protocol: string('Protocol below: TCP.', { default: 'TCP' }),
  },
  { required: ['port'] },
);

/** @param maxItems how many addresses a workload can have: one, or one of each family */
function workloadIps(maxItems: number) {
  const address = object('An address.', { ip: string('An IPv4 or IPv6 address.') });
  return array('Addresses of the workload.', address, { maxItems });
}

const SPEC_V1ALPHA1 = object(
  'Where the workload is, and who.',
  {
    meshTls: MESH_TLS,
    ports: array('Ports that it listens on.', NAMED_PORT),
    workloadIPs: workloadIps(1),
  },
  { required: ['meshTls'] },
);

const SPEC_V1BETA1 = amend(SPEC_V1ALPHA1, {
  drop: ['meshTls'],
  add: { meshTLS: MESH_TLS, workloadIPs: workloadIps(2) },
  required: ['meshTLS'],
});

const STATUS = object('How the workload is.', { conditions: PROBED_CONDITIONS });

function identityColumn(jsonPath: string): PrinterColumn {
  return { name: 'Identity', type: 'string', jsonPath };
}

export const EXTERNAL_WORKLOAD: CrdDefinition = {
  group: 'workload.linkerd.io',
  names: { kind: 'ExternalWorkload', plural: 'externalworkloads', categories: ['external'] },
  description: 'A meshed process outside of the cluster, which Services select as they select pods.',
  versions: [
    {
      name: 'v1alpha1',
      columns: [identityColumn('.spec.meshTls.identity'), AGE],
      spec: SPEC_V1ALPHA1,
      status: STATUS,
    },
    {
      name: 'v1beta1',
      isStored: true,
      columns: [identityColumn('.spec.meshTLS.identity'), AGE],
      hasStatusSubresource: true,
      spec: SPEC_V1BETA1,
      status: STATUS,
    },
  ],
};
