import { PROVIDER_FAULTS, startProviderWorld } from './provider-faults.ts';
import { useFaults } from './use-faults.ts';

useFaults('provider', startProviderWorld, PROVIDER_FAULTS);
