export { createDirectorySource, type DirectorySourceOptions } from './directory/source.ts';
export { ManifestError, type ManifestPlace } from './manifest/error.ts';
export { type ManifestObject, type Manifests, parseManifests } from './manifest/parse.ts';
export { readManifests } from './manifest/read.ts';
export { createMemorySource, type MemorySource } from './memory-source.ts';
export type { ClusterSource, Store, StoreChange } from './source.ts';
