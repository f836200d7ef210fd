/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: '<rootDir>/scripts/node-environment.js',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  roots: ['<rootDir>/test'],
  // What is slow is run by hand: npm run test:docs.
  testMatch: ['**/*.test.ts', '!**/*.slow.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^express-connect-auth$': '<rootDir>/src/index.ts' },
  testTimeout: 30_000,
  testSequencer: '<rootDir>/scripts/slowest-first.js',
  // Half of the time is spent waiting for bounds, browsers and servers. So there are two workers more than cores.
  maxWorkers: availableParallelism() + 2,
};

export default config;
