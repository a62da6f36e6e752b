import type { Client, ServiceDefinition } from '@grpc/grpc-js';
import { checkClientCopy, checkGrpcJs } from '../core/base/grpc-js-copy.js';
import { methodOf } from '../core/method.js';
import { optionError } from '../core/base/options.js';
import { misplaced } from '../core/side.js';
import type { PromiseClient } from './promise-client-types.js';
import { promiseMethods, type MethodsOf } from './promise-methods.js';

/**
 * Turns a generated grpc-js client into one whose methods return promises and async iterables. It shares the client's
 * channel and interceptors, and has everything else that the client has, such as `close` and `waitForReady`.
 *
 * @throws Error when the client is made by another copy of grpc-js, or this one is too old.
 * @throws TypeError when the client's class does not say which methods it has, or the client lists a server's interceptor.
 * @example
 * const shop = promiseClient(new ShopClient(address, credentials));
 * const product = await shop.getProduct({ id: 7 }, { timeoutMs: 500 });
 * for await (const each of shop.listProducts({ pageSize: 20 }, { signal })) console.log(each.name);
 */
export function promiseClient<C extends Client>(client: C): PromiseClient<C> {
  const methods: PropertyDescriptorMap = {};
  checkGrpcJs();
  const service = serviceOf(client);
  checkClientCopy('promiseClient', client);
  checkInterceptorsOf(client);
  for (const [key, definition] of Object.entries(service)) {
    const value = promiseMethods[methodOf(definition).kind](client as unknown as MethodsOf<Client>, key);
    const property = { value, enumerable: true, configurable: true, writable: true };
    methods[key] = property;
    if (definition.originalName !== undefined) methods[definition.originalName] = property;
  }
  return Object.create(client, methods) as PromiseClient<C>;
}

/** grpc-js keeps a client's interceptors under a symbol of its own. One for servers would fail every call. */
function checkInterceptorsOf(client: Client): void {
  for (const key of Object.getOwnPropertySymbols(client)) {
    const value = (client as unknown as Record<symbol, unknown>)[key];
    const found = Array.isArray(value) ? value.map((each) => misplaced(each, 'client')).find(Boolean) : undefined;
    if (found !== undefined) {
      throw new TypeError(`promiseClient: client must have client interceptors only, got ${found}`);
    }
  }
}

/** grpc-js leaves the definition on the classes that it generates. */
function serviceOf(client: Client): ServiceDefinition {
  const service = (client as { constructor?: { service?: ServiceDefinition } } | null)?.constructor?.service;
  if (typeof service === 'object' && service !== null) return service;
  throw optionError(
    'promiseClient: client',
    'a client whose class grpc-js generated from a service definition',
    client,
  );
}
