import { SENTINEL_FAULTS, startSentinelWorld } from './sentinel-faults.ts';
import { useFaults } from './use-faults.ts';

useFaults('sentinel', startSentinelWorld, SENTINEL_FAULTS);
