import type { CrdDefinition } from '../definition.ts';
import { GATEWAY_GRPC_ROUTE } from './grpc-route.ts';
import { GATEWAY_HTTP_ROUTE } from './http-route.ts';
import { GATEWAY_TCP_ROUTE } from './tcp-route.ts';
import { GATEWAY_TLS_ROUTE } from './tls-route.ts';

/** A kind that belongs to the Gateway API, and the chart value that asks for it. */
export interface GatewayCrd {
  readonly definition: CrdDefinition;
  /** Where this key is absent from the values, `installGatewayAPI` decides. */
  readonly valueKey: 'enableHttpRoutes' | 'enableTlsRoutes' | 'enableTcpRoutes';
}

/** Installed only when asked for: other products bring them too. */
export const GATEWAY_CRDS: readonly GatewayCrd[] = [
  { definition: GATEWAY_HTTP_ROUTE, valueKey: 'enableHttpRoutes' },
  { definition: GATEWAY_GRPC_ROUTE, valueKey: 'enableHttpRoutes' },
  { definition: GATEWAY_TLS_ROUTE, valueKey: 'enableTlsRoutes' },
  { definition: GATEWAY_TCP_ROUTE, valueKey: 'enableTcpRoutes' },
];
