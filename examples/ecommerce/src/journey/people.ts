import type { ChannelCredentials } from '@grpc/grpc-js';
import { openClients, type ShopClients } from '../clients.js';
import type { Issuer } from '../identity/issuer.js';
import { clientInterceptors } from '../interceptors.js';
import { recordAttempt, recordCall } from './recorder.js';

/** Who takes part in the journey, each with clients of their own. */
export type People = Readonly<Record<'ada' | 'grace' | 'admin' | 'stranger', ShopClients>>;

/** @param scheme Of the resolver that knows where the shop is. */
export function openPeople(scheme: string, issuer: Issuer, credentials?: ChannelCredentials): People {
  const clientsOf = (token: () => Promise<string>) => {
    const stack = { token, outermost: [recordCall], perAttempt: [recordAttempt] };
    return openClients({ scheme, credentials, interceptors: clientInterceptors(stack) });
  };
  return {
    ada: clientsOf(() =>
      issuer.token({ userId: 1, role: 'customer', email: 'ada@shop.example', name: 'Ada Lovelace' }),
    ),
    grace: clientsOf(() =>
      issuer.token({ userId: 2, role: 'customer', email: 'grace@shop.example', name: 'Grace Hopper' }),
    ),
    admin: clientsOf(() => issuer.token({ userId: 3, role: 'admin', email: 'admin@shop.example' })),
    stranger: openClients({
      scheme,
      credentials,
      interceptors: clientInterceptors({ outermost: [recordCall], perAttempt: [recordAttempt] }),
    }),
  };
}
