import { inspect } from 'node:util';

/** A value that must not be printed: `inspect`, JSON and string concatenation show `[secret]`. */
export interface Secret {
  /** Returns the value itself, for the one place that needs it. */
  reveal(): string;
}

/** Wraps `value` so that it can travel through options and definitions without being printed. */
export function createSecret(value: string): Secret {
  const hidden = () => '[secret]';
  return Object.freeze({
    reveal: () => value,
    toString: hidden,
    toJSON: hidden,
    [inspect.custom]: hidden,
  });
}
