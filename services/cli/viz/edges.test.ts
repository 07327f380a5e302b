import { expect, test } from 'vitest';
import { describeEdges, renderEdgeTable } from './edge-table.ts';
import { buildEdges, type EdgeQuery } from './edges.ts';
import { readings } from './testing/shop.ts';

function edges(kind: EdgeQuery['kind'], namespace: string | undefined = 'shop') {
  const identityOf: EdgeQuery['identityOf'] = ({ serviceAccount, namespace: own }) =>
    `${serviceAccount}.${own}.serviceaccount.identity.linkerd.cluster.local`;
  return buildEdges(
    { kind, namespace, identityOf },
    readings.map(({ pod, series }) => ({ pod, samples: series })),
  );
}

test('viz edges shows open connections between deployments, and why one is not secured', () => {
  expect(`\n${renderEdgeTable(edges('deployment'), { wide: false })}`).toBe(`
SRC       DST        SRC_NS   DST_NS   SECURED
traffic   outsider   shop     shop     Not Provided By Service Discovery
traffic   web        shop     shop     √
web       store      shop     shop     √
`);
});

test('viz edges shows both identities when wide', () => {
  expect(renderEdgeTable(edges('pod'), { wide: true }).split('\n')[2]).toMatch(
    /^traffic-77-ccccc +web-5d-aaaaa +shop +shop +traffic.shop +web.shop +√$/,
  );
});

test('viz edges leaves out edges without an end in the namespace', () => {
  expect(edges('deployment', 'linkerd')).toEqual([]);
  expect(edges('namespace', undefined).map(({ src, dst }) => [src, dst])).toContainEqual(['shop', 'shop']);
});

test('viz edges has whole identities for programs', () => {
  expect(describeEdges(edges('deployment').slice(1, 2))).toEqual([
    {
      src: 'traffic',
      src_namespace: 'shop',
      dst: 'web',
      dst_namespace: 'shop',
      client_id: 'traffic.shop.serviceaccount.identity.linkerd.cluster.local',
      server_id: 'web.shop.serviceaccount.identity.linkerd.cluster.local',
      no_tls_reason: '',
    },
  ]);
});
