import { NO_RULE, descriptionOf } from '../description.js';
import { methodOf, type Method } from '../method.js';

/** One interceptor of a chain, as it applies to one method, or to all of them at once. */
export interface Link {
  readonly name: string;
  readonly explanation: string | undefined;
  /** To which methods, where all are described at once and it is for some. */
  readonly narrowed: string | undefined;
}

/** Stands for all methods at once. */
const ANY = methodOf({ path: '/*/*', requestStream: false, responseStream: false });

/** The interceptors that a method's calls go through, outermost first: groups taken apart, those of others left out. */
export function chainOf(interceptors: readonly unknown[], method: Method): Link[] {
  return interceptors.flatMap((interceptor): Link[] => {
    const description = descriptionOf(interceptor);
    if (description?.applies?.(method) === false) return [];
    if (description?.parts !== undefined) return chainOf(description.parts, method);
    return [{ ...nameAndFallback(interceptor), ...explanation(interceptor, method), narrowed: undefined }];
  });
}

/** All interceptors, outermost first, each with the methods that it is for. */
export function wholeChain(interceptors: readonly unknown[], narrowed: readonly string[] = []): Link[] {
  return interceptors.flatMap((interceptor): Link[] => {
    const description = descriptionOf(interceptor);
    const all = description?.narrowed === undefined ? narrowed : [...narrowed, description.narrowed];
    if (description?.parts !== undefined) return wholeChain(description.parts, all);
    const text = all.length === 0 ? undefined : all.join(', ');
    const said = explanation(interceptor, ANY);
    // A policy has no rule for all methods at once, and need not.
    return [{ ...nameAndFallback(interceptor), ...(said?.explanation === NO_RULE ? {} : said), narrowed: text }];
  });
}

function nameAndFallback(interceptor: unknown): Pick<Link, 'name' | 'explanation'> {
  const description = descriptionOf(interceptor);
  if (description !== undefined) return { name: description.name, explanation: undefined };
  return { name: (interceptor as { name?: string }).name || '(anonymous)', explanation: 'foreign' };
}

/** What it says of itself; a policy of the application's own may fail for a method that is none. */
function explanation(interceptor: unknown, method: Method): Pick<Link, 'explanation'> | undefined {
  const explain = descriptionOf(interceptor)?.explain;
  if (explain === undefined) return undefined;
  try {
    return { explanation: explain(method) };
  } catch {
    return undefined;
  }
}
