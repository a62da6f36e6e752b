import type { ChannelCredentials, Interceptor } from '@grpc/grpc-js';
import { openClients, registerShop, type ShopClients } from '../clients.js';
import type { Issuer } from '../identity/issuer.js';
import { personOf } from '../identity/people.js';
import { clientInterceptors } from '../interceptors.js';
import { SERVER_NAMES, type ServerName } from '../plan.js';
import { recordAttempt, recordCall } from './recorder.js';

/** Who takes part in the journey, each with clients of their own. */
export type People = Readonly<Record<'ada' | 'grace' | 'admin' | 'stranger' | 'lost', ShopClients>>;

/** Where nobody listens. */
const NOWHERE = Object.fromEntries(SERVER_NAMES.map((name) => [name, ['127.0.0.1:1']])) as Record<ServerName, string[]>;

/**
 * @param scheme Of the resolver that knows where the shop is.
 * @param listeners Hear of each attempt too.
 */
export function openPeople(
  scheme: string,
  issuer: Issuer,
  credentials?: ChannelCredentials,
  listeners: readonly Interceptor[] = [],
): People {
  const clientsOf = (token?: () => Promise<string>, address = scheme) => {
    const stack = { token, outermost: [recordCall], perAttempt: [recordAttempt, ...listeners] };
    return openClients({ scheme: address, credentials, interceptors: clientInterceptors(stack) });
  };
  registerShop(`${scheme}-before-it-moved`, NOWHERE);
  return {
    ada: clientsOf(() => issuer.token(personOf(1))),
    grace: clientsOf(() => issuer.token(personOf(2))),
    admin: clientsOf(() => issuer.token(personOf(3))),
    stranger: clientsOf(),
    // Somebody with an old address.
    lost: clientsOf(undefined, `${scheme}-before-it-moved`),
  };
}
