import { PROCESS_FAULTS, startProcessWorld } from './process-faults.ts';
import { useFaults } from './use-faults.ts';

useFaults('process', startProcessWorld, PROCESS_FAULTS);
