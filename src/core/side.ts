import { descriptionOf } from './description.js';

/** Where an interceptor can be listed. */
export type Side = 'server' | 'client';

/** Names a value in a list of interceptors that does not belong to this side: `the client interceptor 'retry'`. */
export function misplaced(interceptor: unknown, side: Side): string | undefined {
  if (typeof interceptor !== 'function') return undefined;
  const description = descriptionOf(interceptor);
  if (description === undefined) return uncalledFactory(interceptor);
  // A selection has the side of what it selects, which may be a stranger's: then it is not known.
  const { parts } = description;
  if (parts !== undefined) return parts.map((part) => misplaced(part, side)).find((each) => each !== undefined);
  return description.side === side ? undefined : `the ${description.side} interceptor '${description.name}'`;
}

/** An interceptor takes two arguments, a function of ours that makes one takes options at most. */
function uncalledFactory({ name, length }: { readonly name: string; readonly length: number }): string | undefined {
  if (length > 1 || !/^([a-z]\w*(Server|Client)Interceptor|injectFaults|trackCalls)$/.test(name)) return undefined;
  return `the function ${name}, which makes one: call it`;
}

/** @throws TypeError naming the first of `interceptors` that cannot be listed on this side. */
export function checkSide(nameOf: (index: number) => string, interceptors: readonly unknown[], side: Side): void {
  interceptors.forEach((interceptor, index) => {
    const found = misplaced(interceptor, side);
    if (found === undefined) return;
    throw new TypeError(`${nameOf(index)} must be a ${side} interceptor, got ${found}`);
  });
}
