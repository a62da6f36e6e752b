import { runQuietly } from '../pass/run-hook.js';

/** A listener of the application, as it is called: nothing that it throws, or rejects with, affects a call. */
export type Listener<E> = (event: E) => void;

/** Those of `listeners` that there are as one, or undefined. `interceptor` and `name` say whose failure is reported. */
export function listenerOf<E>(
  interceptor: string,
  name: string,
  ...listeners: (((event: E) => unknown) | undefined)[]
): Listener<E> | undefined {
  const present = listeners.filter((listener) => listener !== undefined);
  if (present.length === 0) return undefined;
  return (event) => {
    for (const listener of present) runQuietly(interceptor, name, listener, event);
  };
}
