import { openClients, registerShop } from '../clients.js';
import { Issuer } from '../identity/issuer.js';
import { clientInterceptors } from '../interceptors.js';
import { addressTable } from '../plan.js';
import { Journey, JourneyBroken } from './journey.js';
import { visitProducts } from './products.js';
import { recordAttempt, recordCall } from './recorder.js';
import { renderTable } from './table.js';

const SCHEME = 'journey';

/** Goes through the whole journey against a shop that is open, prints its table, and says whether all went well. */
export async function runJourney(portOffset: number): Promise<boolean> {
  const people = await openPeople(portOffset);
  const journey = new Journey();
  try {
    await visitProducts(journey, people);
  } catch (error) {
    if (!(error instanceof JourneyBroken)) throw error;
  } finally {
    for (const clients of Object.values(people)) clients.close();
  }
  console.log(renderTable(journey.entries));
  console.log(journey.succeeded ? 'The journey went as it should.' : 'The journey broke off: see ✗.');
  return journey.succeeded;
}

/** Who takes part, each with clients of their own. */
export type People = Awaited<ReturnType<typeof openPeople>>;

async function openPeople(portOffset: number) {
  registerShop(SCHEME, addressTable(portOffset));
  const issuer = await Issuer.fromFile();
  const recorders = { outermost: [recordCall], perAttempt: [recordAttempt] };
  const clientsOf = (token: () => Promise<string>) =>
    openClients({ scheme: SCHEME, interceptors: clientInterceptors({ token, ...recorders }) });
  return {
    ada: clientsOf(() =>
      issuer.token({ userId: 1, role: 'customer', email: 'ada@shop.example', name: 'Ada Lovelace' }),
    ),
    grace: clientsOf(() =>
      issuer.token({ userId: 2, role: 'customer', email: 'grace@shop.example', name: 'Grace Hopper' }),
    ),
    admin: clientsOf(() => issuer.token({ userId: 3, role: 'admin', email: 'admin@shop.example' })),
    stranger: openClients({ scheme: SCHEME, interceptors: [recordCall, recordAttempt] }),
  };
}
