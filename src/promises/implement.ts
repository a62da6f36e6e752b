import {
  status,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { types } from 'node:util';
import { checkGrpcJs } from '../core/base/grpc-js-copy.js';
import { methodOf } from '../core/method.js';
import { isObject, optionError } from '../core/base/options.js';
import { StatusError } from '../core/status/status-error.js';
import type { ServiceHandlers } from './handlers.js';
import { surfaceHandler, type ServedMethod } from './run-handler.js';

type Definition = ServiceDefinition[string];
type Handler = ServedMethod['handler'];

/**
 * Turns handlers that return promises, or are async generators, into the implementation of a service that grpc-js
 * serves.
 *
 * @throws TypeError when a method has no handler, or a handler no method, naming it.
 * @example
 * server.addService(ShopService, implement(ShopService, {
 *   async getProduct(request, call) { return await products.find(request.id, call.signal); },
 *   async *listProducts(request) { for await (const product of products.all()) yield product; },
 * }));
 */
export function implement<S extends ServiceDefinition>(
  service: S,
  handlers: ServiceHandlers<S>,
): UntypedServiceImplementation {
  checkGrpcJs();
  if (!isObject(service)) {
    throw optionError('implement: service', 'a service definition', service);
  }
  if (!isObject(handlers)) {
    throw optionError('implement: handlers', 'an object with a handler per method', handlers);
  }
  const given = handlers as Readonly<Record<string, unknown>>;
  const used = new Set<string>();
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const [key, definition] of Object.entries<Definition>(service)) {
    const name = nameOf(key, definition, given);
    used.add(name);
    implementation[key] = surfaceHandler(servedMethod(definition, name, given));
  }
  refuseUnknown(given, used);
  return implementation;
}

/** The key under which the handler of a method stands: the definition's, or its camelCase. */
function nameOf(key: string, definition: Definition, handlers: Readonly<Record<string, unknown>>): string {
  const camelCase = definition.originalName ?? key.charAt(0).toLowerCase() + key.slice(1);
  const name = [key, camelCase].find((each) => handlers[each] !== undefined);
  if (name !== undefined) return name;
  throw new TypeError(`implement: no handler for ${definition.path}: add one named '${camelCase}'`);
}

function servedMethod(definition: Definition, name: string, handlers: Readonly<Record<string, unknown>>): ServedMethod {
  const handler = handlers[name];
  if (typeof handler !== 'function') throw optionError(`implement: handlers.${name}`, 'a function', handler);
  if (!definition.responseStream && types.isGeneratorFunction(handler)) {
    throw new TypeError(`implement: ${name} is a generator, but ${definition.path} answers with one message`);
  }
  return {
    method: methodOf(definition),
    requestStream: definition.requestStream,
    responseStream: definition.responseStream,
    handler: (handler as Handler).bind(handlers),
    check: messageCheck(definition),
  };
}

/**
 * Messages are objects, unless the codec says otherwise: one that takes `undefined` (an empty message, a wrapper of a
 * plain value) decides by itself what it can encode.
 */
function messageCheck({ responseSerialize, path }: Definition): ServedMethod['check'] {
  if (serializes(responseSerialize, undefined)) return (message) => message ?? undefined;
  return (message) => {
    if (typeof message === 'object' && message !== null) return message;
    throw new StatusError(status.INTERNAL, 'The handler gave no response message', {
      cause: new TypeError(`The handler of ${path} gave ${String(message)} where a response message was expected`),
    });
  };
}

function serializes(serialize: Definition['responseSerialize'], message: unknown): boolean {
  try {
    return serialize(message) instanceof Uint8Array;
  } catch {
    return false;
  }
}

/** A misspelt handler would otherwise never be called. Instances of classes have methods of their own. */
function refuseUnknown(handlers: Readonly<Record<string, unknown>>, used: ReadonlySet<string>): void {
  const prototype: unknown = Object.getPrototypeOf(handlers);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const [name, value] of Object.entries(handlers)) {
    if (typeof value === 'function' && !used.has(name)) {
      throw new TypeError(`implement: the service has no method for the handler '${name}'`);
    }
  }
}
