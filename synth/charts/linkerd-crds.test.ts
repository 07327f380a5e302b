import { expect, test } from 'vitest';
import { LABEL } from '#lib/resources';
import { renderCrds } from '../index.ts';
import { VERSION } from '../values/version.ts';
import { LINKERD_CRDS_CHART } from './linkerd-crds.ts';

function namesWith(values: unknown): string[] {
  return renderCrds({ values: [values], namespace: 'linkerd' })
    .map(({ metadata }) => metadata.name.replace('.gateway.networking.k8s.io', ''))
    .filter((name) => !name.includes('.'));
}

test.each<[unknown, string[]]>([
  [{}, []],
  [{ installGatewayAPI: true }, ['grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes']],
  [{ enableTlsRoutes: true }, ['tlsroutes']],
  [{ installGatewayAPI: true, enableHttpRoutes: false }, ['tcproutes', 'tlsroutes']],
  [
    { installGatewayAPI: true, enableTcpRoutes: null },
    ['grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes'],
  ],
])('of the Gateway API %j installs %j', (values, names) => {
  expect(namesWith(values).sort()).toEqual(names);
});

test('every kind says which chart it is of', () => {
  const crds = renderCrds({ values: [], namespace: 'mesh' });
  expect(crds).toHaveLength(10);
  for (const { kind, metadata } of crds) {
    expect(kind).toBe('CustomResourceDefinition');
    expect(metadata.labels).toEqual({
      'helm.sh/chart': `${LINKERD_CRDS_CHART.name}-${VERSION}`,
      [LABEL.controlPlaneNs]: 'mesh',
    });
    expect(metadata.annotations).toMatchObject({ 'linkerd.io/created-by': `linkerd/helm ${VERSION}` });
  }
});
