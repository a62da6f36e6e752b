import { registerShop } from '../clients.js';
import type { Config } from '../config.js';
import { Issuer } from '../identity/issuer.js';
import { addressTable } from '../plan.js';
import { security } from '../tls/credentials.js';
import { lookBack } from './analytics.js';
import { Journey, JourneyBroken } from './journey.js';
import { buy, payInOtherWays } from './orders.js';
import { openPeople, type People } from './people.js';
import { browse, clearCatalogue, keepCatalogue } from './products.js';
import { Saboteur } from './saboteur.js';
import { renderTable } from './table.js';
import { talk } from './talk.js';
import { meetUsers } from './users.js';

const SCHEME = 'journey';

export interface JourneyOptions extends Pick<Config, 'portOffset' | 'tls'> {
  /** Product replicas die and come back meanwhile. */
  readonly chaos?: boolean;
}

/** Goes through the whole journey against a shop that is open, prints its table, and says whether all went well. */
export async function runJourney({ portOffset, tls, chaos = false }: JourneyOptions): Promise<boolean> {
  registerShop(SCHEME, addressTable(portOffset));
  const issuer = await Issuer.fromFile();
  const people = openPeople(SCHEME, issuer, security({ tls }).customer);
  const journey = new Journey();
  const saboteur = chaos ? new Saboteur(journey, portOffset, issuer) : undefined;
  saboteur?.start();
  await travel(people, journey).finally(() => saboteur?.stop());
  for (const clients of Object.values(people)) clients.close();
  console.log(renderTable(journey.entries));
  if (saboteur !== undefined) console.log(`Meanwhile product replicas died, and came back, ${saboteur.strikes} times.`);
  console.log(journey.succeeded ? 'The journey went as it should.' : 'The journey broke off: see ✗.');
  return journey.succeeded;
}

/** Every RPC of every service, in the order in which people come to need them. */
export async function travel(people: People, journey = new Journey()): Promise<Journey> {
  try {
    await browse(journey, people);
    await meetUsers(journey, people);
    const productId = await keepCatalogue(journey, people);
    await buy(journey, people, productId);
    await payInOtherWays(journey, people, productId);
    await talk(journey, people);
    await lookBack(journey, people, productId);
    await clearCatalogue(journey, people, productId);
  } catch (error) {
    if (!(error instanceof JourneyBroken)) throw error;
  }
  return journey;
}
