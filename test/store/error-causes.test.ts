import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { ReplyError } from 'ioredis';
import { describeCause, StoreError } from '../../src/errors.ts';

const describeText = (error: unknown) => describeCause(error).message;
const withCode = (code: unknown, error = new Error('a secret')) => Object.assign(error, { code });

describe('the description of a foreign error', () => {
  it.each<[string, unknown, string]>([
    ['its name and code', withCode('ECONNRESET', new TypeError('a secret')), 'TypeError ECONNRESET'],
    ['those of its causes', new Error('a secret', { cause: withCode('EPIPE') }), 'Error Error EPIPE'],
    ['the first word of a reply of Redis', new ReplyError("OOM command 'a secret'"), 'ReplyError OOM'],
    [
      'the first of several addresses',
      new AggregateError([withCode('ECONNREFUSED')], 'a secret'),
      'AggregateError Error ECONNREFUSED',
    ],
    [
      'the last node of a cluster',
      Object.assign(new Error('a secret'), { lastNodeError: withCode('ETIMEDOUT') }),
      'Error Error ETIMEDOUT',
    ],
    [
      'an error of another realm',
      runInContext("Object.assign(new Error('a secret'), { code: 'ENOTFOUND' })", createContext()),
      'Error ENOTFOUND',
    ],
    ['no code that is a sentence', withCode('the secret is abc'), 'Error'],
    ['no code without end', withCode('a'.repeat(65)), 'Error'],
    ['no name that is a sentence', Object.assign(new Error(), { name: 'key=a secret' }), 'object'],
    ['nothing of what is no error', 'a secret', 'string'],
    ['nothing of an object', { name: 'secret', code: 'secret' }, 'object'],
  ])('has %s, and no message (N-27)', (_, error, description) => {
    expect(describeText(error)).toBe(description);
  });

  it('has an end where causes go round (N-27)', () => {
    const error = new Error('a secret');
    error.cause = error;
    expect(describeText(error)).toBe('Error Error Error Error');
  });

  it('is what our own errors keep of a cause (N-27)', () => {
    const { cause } = new StoreError('Redis failed.', { cause: withCode('ECONNREFUSED') });
    expect(cause).toMatchObject({ name: 'Cause', message: 'Error ECONNREFUSED' });
  });
});
