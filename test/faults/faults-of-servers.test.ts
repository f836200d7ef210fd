import { SERVER_FAULTS, startServerWorld } from './server-faults.ts';
import { useFaults } from './use-faults.ts';

useFaults('server', startServerWorld, SERVER_FAULTS);
