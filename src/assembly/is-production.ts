import express from 'express';

/** Express's own idea of the environment, which is `NODE_ENV` unless the application says otherwise. */
export function isProduction(): boolean {
  return express().get('env') === 'production';
}
