import { LABEL } from '#lib/resources';
import { buildMetadata } from './metadata.ts';
import type { ControlPlaneProps } from './props.ts';

export interface ServiceParts {
  readonly name: string;
  readonly component: string;
  readonly port: { readonly name: string; readonly port: number; readonly targetPort: number | string };
  readonly isHeadless?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Service in front of the pods of one part of the control plane. */
export function buildService(props: ControlPlaneProps, parts: ServiceParts) {
  const { name, component, port, isHeadless, annotations } = parts;
  return {
    metadata: buildMetadata(props, { name, component, ...(annotations && { annotations }) }),
    spec: {
      ...(isHeadless ? { clusterIP: 'None' } : { type: 'ClusterIP' }),
      selector: { [LABEL.controlPlaneComponent]: component },
      ports: [port],
    },
  };
}

/** The port of a gRPC service. */
export function grpcPort(port: number) {
  return { name: 'grpc', port, targetPort: port };
}
