export type { BrowserCookie } from './cookie-lines.ts';
export type { AgentLike, LogInTarget } from './find-auth.ts';
export {
  type LogInOptions,
  type LogInProof,
  logInAs,
  type TestSession,
  type TestTokens,
} from './log-in-as.ts';
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
export type { TestPerson } from './test-people.ts';
