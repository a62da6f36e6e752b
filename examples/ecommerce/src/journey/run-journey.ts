import { registerShop } from '../clients.js';
import type { Config } from '../config.js';
import { Issuer } from '../identity/issuer.js';
import { startTracing } from '../observability/tracing.js';
import { addressTable, type Place } from '../plan.js';
import { security } from '../tls/credentials.js';
import { lookBack } from './analytics.js';
import { Journey, JourneyBroken } from './journey.js';
import { misfortunes, outrun } from './misfortunes.js';
import { buy, payInOtherWays } from './orders.js';
import { openPeople, type People } from './people.js';
import { browse, clearCatalogue, keepCatalogue } from './products.js';
import { Saboteur } from './saboteur.js';
import { Striker } from './striker.js';
import { renderTable } from './table.js';
import { talk } from './talk.js';
import { endOfSpans, traceOf } from './trace-tree.js';
import { meetUsers } from './users.js';

const SCHEME = 'journey';

export interface JourneyOptions extends Place, Pick<Config, 'tls'> {
  /** Product replicas die and come back meanwhile. */
  readonly chaos?: boolean;
  /** Prints the trace of the order as a tree, over all processes that it went through. */
  readonly trace?: boolean;
}

/** Goes through the whole journey against a shop that is open, prints its table, and says whether all went well. */
export async function runJourney({ tls, chaos = false, trace = false, ...place }: JourneyOptions): Promise<boolean> {
  registerShop(SCHEME, addressTable(place));
  const printTrace = trace ? await traceOrder() : undefined;
  const issuer = await Issuer.fromFile();
  const people = openPeople(SCHEME, issuer, security({ tls }).customer);
  const journey = new Journey();
  const striker = new Striker(place.portOffset, issuer);
  const saboteur = chaos ? new Saboteur(journey, striker) : undefined;
  saboteur?.start();
  await travel(people, journey, chaos ? undefined : striker).finally(() => saboteur?.stop());
  for (const clients of Object.values(people)) clients.close();
  console.log(renderTable(journey.entries));
  await printTrace?.();
  if (saboteur !== undefined)
    console.log(`Meanwhile product replicas hung or died, and came back, ${saboteur.strikes} times.`);
  console.log(journey.succeeded ? 'The journey went as it should.' : 'The journey broke off: see ✗.');
  return journey.succeeded;
}

/** Records the customers' own spans from now on; call the result to print the trace of the order. */
async function traceOrder(): Promise<() => Promise<void>> {
  const from = await endOfSpans();
  const tracing = startTracing('customer');
  return async () => {
    await tracing.flush();
    console.log(await traceOf('ecommerce.OrderService/CreateOrder', from));
  };
}

/**
 * Every RPC of every service, in the order in which people come to need them, and a few misfortunes.
 *
 * @param striker Lets a replica hang for a moment; without one, none does.
 */
export async function travel(
  people: People,
  journey = new Journey(),
  striker?: Pick<Striker, 'strike'>,
): Promise<Journey> {
  try {
    await browse(journey, people);
    await meetUsers(journey, people);
    const productId = await keepCatalogue(journey, people);
    await buy(journey, people, productId);
    await payInOtherWays(journey, people, productId);
    await talk(journey, people);
    await lookBack(journey, people, productId);
    await misfortunes(journey, people, productId);
    if (striker !== undefined) await outrun(journey, people, striker);
    await clearCatalogue(journey, people, productId);
  } catch (error) {
    if (!(error instanceof JourneyBroken)) throw error;
  }
  return journey;
}
