/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^express-connect-auth$': '<rootDir>/src/index.ts' },
  testTimeout: 30_000,
  // Half of the time is spent waiting for bounds, browsers and servers. By itself Jest leaves one core unused.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};

export default config;
