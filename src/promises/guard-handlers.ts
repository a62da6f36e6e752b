import type { UntypedHandleCall } from '@grpc/grpc-js';
import { checkGrpcJs } from '../core/base/grpc-js-copy.js';
import { isObject, optionError } from '../core/base/options.js';
import type { Respond, SurfaceCall } from './handled-call.js';
import { GuardedCall } from './guarded-call.js';

type PlainHandler = (call: SurfaceCall, respond?: Respond) => unknown;

/**
 * Makes plain `(call, callback)` handlers safe: what they throw, reject with, call back with, or throw in a listener of
 * their call goes through `onError` and becomes the call's status, instead of ending the process, hanging the call or
 * showing the error's message to the client. A second answer is ignored.
 *
 * What a handler throws where its call is not involved, such as in a timer of its own, is beyond reach.
 *
 * @returns The same implementation, each of its functions guarded; `this` is the original.
 * @throws TypeError when the implementation is no object.
 * @example server.addService(ShopService, guardHandlers({ getProduct: async (call, callback) => { … } }));
 */
export function guardHandlers<T extends object>(implementation: T): T {
  checkGrpcJs();
  if (!isObject(implementation)) {
    throw optionError('guardHandlers: implementation', 'an object with a handler per method', implementation);
  }
  const guarded = Object.create(implementation) as Record<string, unknown>;
  for (const name of functionNames(implementation)) {
    guarded[name] = guardHandler((implementation as Record<string, PlainHandler>)[name]!, implementation);
  }
  return guarded as T;
}

function guardHandler(handler: PlainHandler, owner: object): UntypedHandleCall {
  const guarded = (call: SurfaceCall, respond?: Respond): void => {
    const guard = new GuardedCall(call, respond);
    // grpc-js gives a callback to handlers with one response only.
    guard.run(() => handler.call(owner, call, respond === undefined ? undefined : guard.respond));
  };
  return guarded as unknown as UntypedHandleCall;
}

/** The names of an implementation's functions, those that an instance has from its class included. */
function functionNames(implementation: object): Set<string> {
  const names = new Set<string>();
  for (let each: object | null = implementation; each !== null && each !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(each)) {
      if (name !== 'constructor' && typeof (implementation as Record<string, unknown>)[name] === 'function')
        names.add(name);
    }
    each = Object.getPrototypeOf(each) as object | null;
  }
  return names;
}
