import { createRequire } from 'node:module';
import express, { type Express } from 'express';

/** Every Express that is supported, for `describe.each()`: its name, and what makes an application of it. */
export const expressVersions: readonly [name: string, createExpress: () => Express][] = [
  ['Express 5', express],
  ['Express 4', createRequire(import.meta.url)('express4') as () => Express],
];
