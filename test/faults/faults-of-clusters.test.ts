import { CLUSTER_FAULTS, startClusterWorld } from './cluster-faults.ts';
import { useFaults } from './use-faults.ts';

useFaults('cluster', startClusterWorld, CLUSTER_FAULTS);
