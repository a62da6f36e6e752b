import type { ClientWritableStream } from '@grpc/grpc-js';
import { optionError } from '../core/base/options.js';
import { brokenOff } from './client-errors.js';
import type { Messages } from './handlers.js';
import { isIterable, iteratorOf } from './iterate.js';
import { Pump } from './pump.js';
import type { WatchedCall } from './watched-call.js';

/** @throws TypeError when there is nothing to iterate. */
export function checkRequests(requests: unknown): Messages<unknown> {
  if (isIterable(requests)) return requests;
  throw optionError('promiseClient: requests', 'an iterable or async iterable of request messages', requests);
}

/** Sends what the iterable yields, until the call is over. */
export function sendRequests(
  source: Messages<unknown>,
  call: ClientWritableStream<unknown>,
  watched: WatchedCall<ClientWritableStream<unknown>>,
): void {
  const broken = (error: unknown): void => {
    if (!watched.over) watched.breakOff(brokenOff('the iterable of requests', error));
  };
  try {
    const pump = new Pump(iteratorOf(source), call, asItIs, ignore);
    call.once('status', () => pump.stop());
    if (watched.over) pump.stop();
    pump.run().then((all) => void (all && call.end()), broken);
  } catch (error) {
    broken(error);
  }
}

const asItIs = (message: unknown): unknown => message;

/** What an iterable throws while it is closed changes nothing about a call that is over. */
const ignore = (): void => undefined;
