import { Topic } from '../../streams/topic.js';
import type { Resources } from '../shop-service.js';
import { Cashier } from './cashier.js';
import { TestProcessor } from './processor.js';
import { PaymentRepository, type StoredPayment } from './repository.js';
import { Settlement } from './settlement.js';

/** A payment as it travels between processes: dates become text on the way. */
export type AnnouncedPayment = Omit<StoredPayment, 'processedAt'> & { readonly processedAt: string };

/** Under this key everybody's payments are announced, for staff; under a user's id, that user's. */
export const EVERYBODY = 0;

export type PaymentDesk = ReturnType<typeof newDesk>;

const desks = new WeakMap<Resources, PaymentDesk>();

/** What both payment services work with; the two of one server share it. */
export function paymentDesk(resources: Resources): PaymentDesk {
  const desk = desks.get(resources) ?? newDesk(resources);
  desks.set(resources, desk);
  return desk;
}

function newDesk({ database, peers, closing }: Resources) {
  const made = new Topic<AnnouncedPayment>(database, 'payments');
  const repository = new PaymentRepository(database.sql, async (transaction, payment) => {
    const announced = { ...payment, processedAt: payment.processedAt.toISOString() };
    await made.publish(transaction, payment.userId, announced);
    await made.publish(transaction, EVERYBODY, announced);
  });
  const settlement = new Settlement(repository, peers.orders);
  void settlement.sweep(closing);
  return { made, repository, settlement, cashier: new Cashier(repository, new TestProcessor(), settlement, peers) };
}
