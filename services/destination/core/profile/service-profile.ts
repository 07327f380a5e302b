import { SERVICE_PROFILES, type Service, type ServiceProfile } from '#lib/resources';
import type { ServiceId } from '../authority.ts';
import type { ClusterView } from '../cluster-view.ts';
import { isServicePortOpaque } from '../endpoints/opaque-ports.ts';
import type { DestinationSettings } from '../settings.ts';
import { DEFAULT_RETRY_BUDGET, EMPTY_PROFILE, type Profile } from './profile.ts';
import { translateServiceProfile } from './service-routes.ts';

export interface ServiceProfileInput {
  readonly view: ClusterView;
  readonly settings: DestinationSettings;
  readonly service: Service;
  readonly port: number;
  /** Empty where unknown. */
  readonly clientNamespace: string;
  readonly warnings: string[];
}

/** The profile of a Service's port; empty for a port that it does not define. */
export function computeServiceProfile(input: ServiceProfileInput): Profile {
  const { settings, service, port, warnings } = input;
  if (!(service.spec.ports ?? []).some((candidate) => candidate.port === port)) return EMPTY_PROFILE;
  const id: ServiceId = { namespace: service.metadata.namespace ?? '', name: service.metadata.name };
  const fullyQualifiedName = `${id.name}.${id.namespace}.svc.${settings.clusterDomain}`;
  const object = findServiceProfile(fullyQualifiedName, id, input);
  const routes = object && translateServiceProfile(object, { port, clusterDomain: settings.clusterDomain });
  warnings.push(...(routes?.warnings ?? []));
  return {
    fullyQualifiedName,
    opaque: isServicePortOpaque(service, port, settings.defaultOpaquePorts),
    routes: routes?.routes ?? [],
    retryBudget: routes?.retryBudget ?? DEFAULT_RETRY_BUDGET,
    dstOverrides: routes?.dstOverrides ?? [],
    parent: { group: 'core', kind: 'Service', ...id, port },
    ...(object && {
      serviceProfile: {
        group: SERVICE_PROFILES.group,
        kind: 'ServiceProfile',
        namespace: object.metadata.namespace ?? '',
        name: object.metadata.name,
      },
    }),
  };
}

/** The client's own profile of the Service goes before the Service's. */
function findServiceProfile(
  name: string,
  service: ServiceId,
  { view, clientNamespace }: ServiceProfileInput,
): ServiceProfile | undefined {
  const own = clientNamespace === '' ? undefined : view.serviceProfile(clientNamespace, name);
  return own ?? view.serviceProfile(service.namespace, name);
}
