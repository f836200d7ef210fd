/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: '<rootDir>/scripts/node-environment.js',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts', '!**/*.slow.test.ts'], // `npm run test:docs` runs the slow ones.
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // Each recipe is a project of its own, with tests for its own runner.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/recipes/.+/'],
  modulePathIgnorePatterns: ['<rootDir>/test/recipes/.+/'],
  moduleNameMapper: {
    '^express-connect-auth$': '<rootDir>/src/index.ts',
    '^express-connect-auth/testing$': '<rootDir>/src/testing/index.ts',
  },
  testTimeout: 30_000,
  testSequencer: '<rootDir>/scripts/slowest-first.js',
  // Half of the time is spent waiting for bounds, browsers and servers. So there are two workers more than cores.
  maxWorkers: availableParallelism() + 2,
};

export default config;
