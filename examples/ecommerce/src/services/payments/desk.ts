import type { Resources } from '../shop-service.js';
import { Cashier } from './cashier.js';
import { TestProcessor } from './processor.js';
import { newsOf } from '../news.js';
import { PaymentRepository } from './repository.js';

export type PaymentDesk = ReturnType<typeof newDesk>;

const desks = new WeakMap<Resources, PaymentDesk>();

/** What both payment services work with; the two of one server share it. */
export function paymentDesk(resources: Resources): PaymentDesk {
  const desk = desks.get(resources) ?? newDesk(resources);
  desks.set(resources, desk);
  return desk;
}

function newDesk({ database, peers }: Resources) {
  const news = newsOf(database);
  const repository = new PaymentRepository(database.sql, news);
  return { made: news.payments, repository, cashier: new Cashier(repository, new TestProcessor(), peers) };
}
