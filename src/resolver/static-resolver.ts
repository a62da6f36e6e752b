import { isObject, optionError } from '../core/base/options.js';
import { addressForm, readAddresses } from './address.js';
import type { SubchannelAddress } from './experimental.js';
import type { AddressSupply, Answer } from './feed.js';
import { registerFeedResolver } from './feed-resolver.js';

/** Names, and the addresses of each: `{ 'product-service': ['localhost:50051', 'localhost:50052'] }`. */
export type StaticTable = Readonly<Record<string, readonly string[]>>;

/** The table of a static resolver, while it is in use. */
export interface StaticResolver {
  /**
   * Gives a name new addresses; channels follow at once, and calls on addresses that are gone finish. With an empty list
   * calls fail with UNAVAILABLE until there are addresses again.
   *
   * @throws TypeError when an address does not parse; the old addresses stay.
   */
  set(name: string, addresses: readonly string[]): void;
}

/**
 * Names with fixed addresses, for targets `scheme:///name`.
 *
 * @throws TypeError when the scheme or an address is wrong.
 * @example
 * registerStaticResolver('custom', { 'product-service': ['localhost:50051', 'localhost:50052', 'localhost:50053'] });
 * const client = new ProductServiceClient('custom:///product-service', credentials.createInsecure(), roundRobin());
 */
export function registerStaticResolver(scheme: string, table: StaticTable): StaticResolver {
  if (!isObject(table)) {
    throw optionError('registerStaticResolver: table', 'an object of names and lists of addresses', table);
  }
  const names = new Map<string, StaticName>();
  const nameOf = (name: string): StaticName => {
    const known = names.get(name) ?? new StaticName(`no addresses are set for '${scheme}:///${name}'`);
    names.set(name, known);
    return known;
  };
  const set = (name: string, addresses: readonly string[]) =>
    nameOf(name).set(readStrictly(`registerStaticResolver: table['${name}']`, addresses));
  for (const [name, addresses] of Object.entries(table)) set(name, addresses);
  registerFeedResolver('registerStaticResolver', scheme, nameOf);
  return { set };
}

/** Configuration is the programmer's: one bad entry refuses the list. */
function readStrictly(option: string, list: readonly string[]): readonly SubchannelAddress[] {
  if (!Array.isArray(list)) throw optionError(option, `a list of ${addressForm}`, list);
  const { addresses, refused } = readAddresses(list);
  if (refused.length > 0) throw optionError(option, `a list of ${addressForm}`, refused[0]);
  return addresses;
}

/** One row of the table. */
class StaticName implements AddressSupply {
  #addresses: readonly SubchannelAddress[] = [];
  #publish: ((answer: Answer) => void) | undefined;

  /** @param note what calls fail with while there are no addresses */
  constructor(private readonly note: string) {}

  set(addresses: readonly SubchannelAddress[]): void {
    this.#addresses = addresses;
    this.#tell();
  }

  start(publish: (answer: Answer) => void): void {
    this.#publish = publish;
    this.#tell();
  }

  refresh(): void {
    // The table is always up to date.
  }

  stop(): void {
    this.#publish = undefined;
  }

  #tell(): void {
    this.#publish?.({ addresses: this.#addresses, note: this.note });
  }
}
