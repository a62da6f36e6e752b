import { openClients } from '../clients.js';
import { addressesOf } from '../plan.js';
import { Journey, JourneyBroken } from './journey.js';
import { visitProducts } from './products.js';
import { recordAttempt, recordCall } from './recorder.js';
import { renderTable } from './table.js';

/** Goes through the whole journey against a shop that is open, prints its table, and says whether all went well. */
export async function runJourney(portOffset: number): Promise<boolean> {
  const clients = openClients({
    products: addressesOf('products', portOffset),
    interceptors: [recordCall, recordAttempt],
  });
  const journey = new Journey();
  try {
    await visitProducts(journey, clients);
  } catch (error) {
    if (!(error instanceof JourneyBroken)) throw error;
  } finally {
    clients.close();
  }
  console.log(renderTable(journey.entries));
  console.log(journey.succeeded ? 'The journey went as it should.' : 'The journey broke off: see ✗.');
  return journey.succeeded;
}
