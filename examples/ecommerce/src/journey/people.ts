import type { ChannelCredentials, Interceptor } from '@grpc/grpc-js';
import { openClients, type ShopClients } from '../clients.js';
import type { Issuer } from '../identity/issuer.js';
import { personOf } from '../identity/people.js';
import { clientInterceptors } from '../interceptors.js';
import { recordAttempt, recordCall } from './recorder.js';

/** Who takes part in the journey, each with clients of their own. */
export type People = Readonly<Record<'ada' | 'grace' | 'admin' | 'stranger', ShopClients>>;

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
  const clientsOf = (token?: () => Promise<string>) => {
    const stack = { token, outermost: [recordCall], perAttempt: [recordAttempt, ...listeners] };
    return openClients({ scheme, credentials, interceptors: clientInterceptors(stack) });
  };
  return {
    ada: clientsOf(() => issuer.token(personOf(1))),
    grace: clientsOf(() => issuer.token(personOf(2))),
    admin: clientsOf(() => issuer.token(personOf(3))),
    stranger: clientsOf(),
  };
}
