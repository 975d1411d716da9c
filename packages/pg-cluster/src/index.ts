export type { ClusterAddress, ClusterOptions, PrivateCluster } from './cluster.ts';
export { createCluster } from './cluster.ts';
export { ClusterError } from './errors.ts';
export { findBinaries } from './find-binaries.ts';
