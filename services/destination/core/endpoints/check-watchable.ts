import type { ServiceTarget } from '../authority.ts';
import type { ClusterView } from '../cluster-view.ts';
import { LookupError } from '../lookup-error.ts';

const REMOTE_DISCOVERY_LABEL = 'multicluster.linkerd.io/remote-discovery';
const REMOTE_SERVICE_LABEL = 'multicluster.linkerd.io/remote-service';

/** Throws a LookupError if a Get of this Service has no answer. Source: facts sheet control-plane, "Get(path)". */
export function checkWatchable({ service: id }: ServiceTarget, view: Pick<ClusterView, 'service'>): void {
  const name = `${id.name}.${id.namespace}`;
  const service = view.service(id.namespace, id.name);
  if (service === undefined) throw new LookupError('NotFound', `Service ${name} not found`);
  if (service.spec.type === 'ExternalName') {
    throw new LookupError(
      'InvalidArgument',
      `service ${name} is of type ExternalName, which has no endpoints`,
    );
  }
  const cluster = service.metadata.labels?.[REMOTE_DISCOVERY_LABEL];
  if (cluster === undefined) return;
  if (service.metadata.labels?.[REMOTE_SERVICE_LABEL] === undefined) {
    throw new LookupError('FailedPrecondition', `service ${name} has no label ${REMOTE_SERVICE_LABEL}`);
  }
  // No other cluster is linked to this one.
  throw new LookupError('NotFound', `Remote cluster not found: ${cluster}`);
}
