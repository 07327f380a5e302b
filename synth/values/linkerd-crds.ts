import { flag, group, nullable, optional, text, type ValuesOf } from './spec.ts';

/** Values of the chart linkerd-crds; upstream's. */
export const CRDS_VALUES = group('Values of the chart linkerd-crds.', {
  installGatewayAPI: flag(
    false,
    'Install the CRDs of the Gateway API too (bundle v1.1.1, experimental channel).',
  ),
  enableHttpRoutes: optional(
    nullable(flag(null, 'Where given, decides about HTTPRoute and GRPCRoute instead.')),
  ),
  enableTlsRoutes: optional(nullable(flag(null, 'Where given, decides about TLSRoute instead.'))),
  enableTcpRoutes: optional(nullable(flag(null, 'Where given, decides about TCPRoute instead.'))),
  cliVersion: optional(text('', 'Set by the CLI: what made these objects.')),
});

export type CrdsValues = ValuesOf<typeof CRDS_VALUES>;
