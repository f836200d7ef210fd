/**
 * Makes a property that is read by a function, of the object it is read of. An assignment replaces it, as with any
 * property of a request.
 */
export function createAccessor<Holder extends object>(
  name: string,
  read: (holder: Holder) => unknown,
): PropertyDescriptor {
  return {
    get(this: Holder) {
      return read(this);
    },
    set(this: Holder, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    // Whoever looks through all properties of a request must not begin a session, nor be refused.
    enumerable: false,
  };
}
