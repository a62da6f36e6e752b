import type { ChainLink } from '../../../src/gateway/contract.js';
import { milliseconds } from '../words.js';

/** What stands in the chain for interceptors that are not for the method. */
const NOT_MEANT = 'no interceptor';

/** The interceptors that a call passed on its way to each handler, and the time it spent in each. */
export function Chain({ links }: { readonly links: readonly ChainLink[] }) {
  if (links.length === 0) return null;
  return (
    <section class="chain" aria-label="Interceptors">
      <h3>Interceptors, outermost first</h3>
      {visitsOf(links).map((visit, index) => (
        <div key={index}>
          <small class="soft">
            {visit[0]!.rpc} at {visit[0]!.replica}
          </small>
          <ol>
            {visit.map((link, place) => (
              <Link key={place} {...link} />
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}

/** The name stands first; what follows says how it is set. */
function Link({ interceptor, ms }: ChainLink) {
  const [, name, setting = ''] = /^(\S+)\s?(.*)$/.exec(interceptor) ?? [];
  return (
    <li class={interceptor === 'handler' ? 'handler' : ''}>
      <span>
        <strong>{name}</strong> <small class="soft">{setting}</small>
      </span>
      {milliseconds(ms)}
    </li>
  );
}

/** A handler ends each visit. */
function visitsOf(links: readonly ChainLink[]): ChainLink[][] {
  const visits: ChainLink[][] = [];
  let previous: ChainLink | undefined;
  for (const link of links.filter(({ interceptor }) => interceptor !== NOT_MEANT)) {
    const goesOn = previous && previous.interceptor !== 'handler' && previous.replica === link.replica;
    if (goesOn) visits.at(-1)!.push(link);
    else visits.push([link]);
    previous = link;
  }
  return visits;
}
