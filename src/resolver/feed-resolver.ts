import { optionError } from '../core/base/options.js';
import {
  found,
  notFound,
  registerResolver,
  requireExperimental,
  type Addresses,
  type Resolver,
  type ResolverListener,
  type Target,
} from './experimental.js';
import { AddressFeed, type AddressSupply, type Answer } from './feed.js';

/** Schemes that grpc-js (or its xDS package) brings; servers use some of them to listen, so they are not ours to take. */
const reserved = ['dns', 'ip', 'ipv4', 'ipv6', 'unix', 'xds'];

const registered = new Set<string>();

/**
 * Registers a resolver for targets of the form `scheme:///name`. A scheme can be registered again: channels made after
 * that use the new one, channels made before keep the old.
 *
 * @throws TypeError for a scheme that is no URI scheme, or one of grpc-js's own.
 */
export function registerFeedResolver(owner: string, scheme: string, supplyOf: (name: string) => AddressSupply): void {
  requireExperimental(owner, 'registerResolver', 'statusOrFromValue', 'statusOrFromError', 'splitHostPort');
  if (typeof scheme !== 'string' || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme) || reserved.includes(scheme)) {
    throw optionError(`${owner}: scheme`, `a URI scheme other than ${reserved.join(', ')}`, scheme);
  }
  if (registered.has(scheme)) {
    process.emitWarning(`${owner}: scheme '${scheme}' was registered before; new channels use the latest`, {
      code: 'GRPC_JS_MIDDLEWARE_SCHEME',
    });
  }
  registered.add(scheme);
  registerResolver(scheme, resolverClass(supplyOf));
}

function resolverClass(supplyOf: (name: string) => AddressSupply) {
  const feeds = new Map<string, AddressFeed>();
  const feedOf = (name: string): AddressFeed => {
    const feed = feeds.get(name) ?? new AddressFeed(supplyOf(name));
    feeds.set(name, feed);
    return feed;
  };
  return class extends FeedResolver {
    constructor(target: Target, listener: ResolverListener) {
      super(feedOf(nameOf(target)), listener);
    }
    static getDefaultAuthority(target: Target): string {
      return nameOf(target);
    }
  };
}

/** The name in `scheme:///name` and in `scheme:name`. */
const nameOf = (target: Target): string => target.path.replace(/^\/+/, '');

/**
 * grpc-js's side of a feed. The channel is told only what is new to it: an answer that repeats the last would make a
 * balancer whose backends are down ask again at once, without end.
 */
class FeedResolver implements Resolver {
  #unsubscribe: (() => void) | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #told: string | undefined;

  constructor(
    private readonly feed: AddressFeed,
    private readonly listener: ResolverListener,
  ) {}

  updateResolution(): void {
    if (this.#unsubscribe === undefined) {
      this.#unsubscribe = this.feed.subscribe(() => this.#schedule());
      if (this.feed.answer !== undefined) this.#schedule();
    } else {
      this.feed.refresh();
    }
  }

  destroy(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#told = undefined;
  }

  /** The listener must not be called from within a call to the resolver, says its interface. */
  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      if (this.feed.answer !== undefined) this.#tell(this.feed.answer);
    });
  }

  #tell(answer: Answer): void {
    const news = JSON.stringify(answer.addresses?.map((address) => JSON.stringify(address)).sort() ?? answer);
    if (news === this.#told) return;
    this.#told = news;
    if (answer.addresses === undefined) return this.#say(notFound(answer.problem));
    this.#say(found(answer.addresses));
    // An empty list makes round_robin let its backends go, but leaves calls waiting; an error after it fails them.
    if (answer.addresses.length === 0) this.#say(notFound(answer.note ?? 'there are no addresses'));
  }

  #say(addresses: Addresses): void {
    this.listener(addresses, {}, null, '');
  }
}
