export {
  type ConnectionOptions,
  type Credentials,
  type KubernetesConnection,
  loadKubernetesConnection,
  type TlsMaterial,
} from './connection/connection.ts';
export { isInCluster } from './connection/in-cluster.ts';
export { createDirectorySource, type DirectorySourceOptions } from './directory/source.ts';
export {
  type AccessAttributes,
  type AccessReview,
  type AccessSubject,
  reviewAccess,
  reviewOwnAccess,
} from './kubernetes/access-review.ts';
export type {
  ApplyOptions,
  KubernetesClient,
  KubernetesRequest,
  LinesRequest,
  ListOptions,
  ObjectName,
} from './kubernetes/client.ts';
export { hasStatus, KubernetesError, type KubernetesErrorCode } from './kubernetes/error.ts';
export type { EventRecord, ObjectReference } from './kubernetes/event-memory.ts';
export { createEventRecorder, type EventRecorder, type EventRecorderOptions } from './kubernetes/events.ts';
export { createKubernetesClient, type KubernetesClientOptions } from './kubernetes/http-client.ts';
export { createLease, type HeldLease, type LeaseOptions } from './kubernetes/lease.ts';
export { LEASES, type Lease, type LeaseTerms } from './kubernetes/lease-record.ts';
export { nameResource } from './kubernetes/resource-path.ts';
export { reviewToken, type TokenReview, type TokenReviewOptions } from './kubernetes/token-review.ts';
export { ManifestError, type ManifestPlace } from './manifest/error.ts';
export { type ManifestObject, type Manifests, parseManifests } from './manifest/parse.ts';
export { parseYaml } from './manifest/parse-yaml.ts';
export { readManifests } from './manifest/read.ts';
export { createMemorySource, type MemorySource } from './memory-source.ts';
export type { ClusterSource, Store, StoreChange } from './source.ts';
export { type OpenSourceOptions, openKubernetesSource } from './watch/open-source.ts';
export { createKubernetesSource, type KubernetesSourceOptions } from './watch/source.ts';
export { DEFAULT_TIMING, type WatchTiming } from './watch/timing.ts';
export * from './webhook-certificate/index.ts';
