export type { TestEndpoint, TestFault, TestFaultOptions } from './provider-faults.ts';
export {
  type LogoutTarget,
  type SignedIn,
  type SignInOptions,
  startTestProvider,
  type TestProvider,
  type TestProviderOptions,
} from './start-test-provider.ts';
export { createTestClock, type TestClock, type TimeSpan } from './test-clock.ts';
export type { TestTokens } from './test-login.ts';
export type { TestPerson } from './test-people.ts';
