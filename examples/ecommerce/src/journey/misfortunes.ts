import { status } from '@grpc/grpc-js';
import type { Journey } from './journey.js';
import { SERVERS } from '../plan.js';
import { orderOf } from './orders.js';
import type { People } from './people.js';
import type { Striker } from './striker.js';

/** So many calls at once drain the bucket of sign-ups, and say enough for a circuit breaker. */
const CROWD = 60;

const REPLICAS = SERVERS.products.ports.length;

/** Crowds, impatience and wrong addresses, and what limits, deadlines and breakers make of them. */
export async function misfortunes(journey: Journey, people: People, productId: number): Promise<void> {
  await signUpInCrowds(journey, people);
  await hurry(journey, people, productId);
  await callNobody(journey, people);
}

/** Grace's robot wants accounts. None of them has a name, so that none is made of those that the limit lets through. */
async function signUpInCrowds(journey: Journey, { grace }: People): Promise<void> {
  const signUp = () => grace.users.createUser({ name: '', email: '' });
  await crowd(signUp);
  await journey.isRefused(status.RESOURCE_EXHAUSTED, signUp, 'rate limit: a crowd is slowed down');
}

/** An order asks users and products first, and keeps some time for itself: there is none left to ask them in. */
async function hurry(journey: Journey, { ada }: People, productId: number): Promise<void> {
  const order = () => ada.orders.createOrder(orderOf(productId, 1), { timeoutMs: 15 });
  await journey.isRefused(status.DEADLINE_EXCEEDED, order, 'deadline: too little time to ask users and products');
}

/** Nobody listens where this caller thinks the shop is. After a while the breaker does not even try. */
async function callNobody(journey: Journey, { lost }: People): Promise<void> {
  const track = () => lost.analytics.trackEvent({ name: 'product_view', userId: 0, productId: 0, properties: {} });
  await journey.isRefused(status.UNAVAILABLE, track, 'nobody listens there');
  await crowd(track);
  await journey.isRefused(status.UNAVAILABLE, track, 'circuit breaker: not even tried');
}

/** A replica falls silent. They take turns, so one of the next calls meets it, and a hedge overtakes it. */
export async function outrun(journey: Journey, { stranger }: People, striker: Pick<Striker, 'strike'>): Promise<void> {
  await striker.strike('products-1', 'hang');
  try {
    for (let turn = 0, attempts = 1; turn < 2 * REPLICAS && attempts === 1; turn++) {
      await journey.succeeds(() => stranger.products.getProduct({ id: 1 }));
      attempts = journey.entries.at(-1)!.attempts;
    }
  } finally {
    await striker.strike('products-1', 'resume');
  }
}

/** What becomes of each does not matter. */
async function crowd(makeCall: () => Promise<unknown>): Promise<void> {
  await Promise.allSettled(Array.from({ length: CROWD }, makeCall));
}
