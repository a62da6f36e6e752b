import { AsyncLocalStorage } from 'node:async_hooks';
import { contextKey, defineClientInterceptor } from 'grpc-js-middleware';

/** What a response says of its call, beside the answer. */
export interface CallFacts {
  /** Empty while nobody has answered. */
  replica: string;
  attempts: number;
}

const current = new AsyncLocalStorage<CallFacts>();
const factsKey = contextKey<CallFacts | undefined>('gateway call', undefined);

/** Makes a call of which the given facts are noted: the interceptors below fill them in. */
export function noting<T>(facts: CallFacts, makeCall: () => T): T {
  return current.run(facts, makeCall);
}

/** Outermost: later attempts start outside the code that made the call, so what it left is kept in the call's context. */
export const noteCall = defineClientInterceptor('gateway call', () => (call) => {
  call.set(factsKey, current.getStore());
});

/** Innermost: once for each attempt. */
export const noteAttempt = defineClientInterceptor('gateway attempt', () => (call) => {
  const facts = call.get(factsKey);
  if (facts !== undefined) facts.attempts++;
});
