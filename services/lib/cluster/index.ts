export type { ClusterSource, Store, StoreChange } from './source.ts';
