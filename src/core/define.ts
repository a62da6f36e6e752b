import type { Interceptor, InterceptingCall, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { ClientPass, type ClientSteps } from './client/client-pass.js';
import type { ClientCallContext, ServerCallContext } from './context.js';
import type { ClientHooks, ServerHooks } from './hooks.js';
import { described } from './description.js';
import { methodOf, type Method, type MethodDescriptor } from './method.js';
import { checkGrpcJs, isRecentCall } from './base/grpc-js-copy.js';
import { isNextCall, misplacedOnServer, unfitServerCall } from './misplaced.js';
import { optionError } from './base/options.js';
import { remember } from './base/remember.js';
import { Steps } from './pass/steps.js';
import { ServerPass, type ServerSteps } from './server/server-pass.js';

/** Asked once per method; answers what to do per call, or nothing: then its calls cost nothing. */
export type ServerDefinition = (method: Method) => ((call: ServerCallContext) => ServerHooks | void) | void;

/** Asked once per method; answers what to do per call, or nothing: then its calls cost nothing. */
export type ClientDefinition = (method: Method) => ((call: ClientCallContext) => ClientHooks | void) | void;

/**
 * Makes a server interceptor for all four call kinds. `define` is asked once per method and answers what to do per call;
 * that runs just before its own `admit`, never behind an outer interceptor's refusal. The result is grpc-js's own
 * `ServerInterceptor`; neighbours of ours run as one pass.
 *
 * @param name Appears in warnings and in `describeServer`.
 * @throws TypeError when an argument is of the wrong type.
 * @example
 * const stopwatch = defineServerInterceptor('stopwatch', (method) => (call) => ({
 *   onEnd: ({ code, durationMs }) => console.log(method.path, code, durationMs),
 * }));
 * const server = new Server({ interceptors: [stopwatch] });
 */
export function defineServerInterceptor(name: string, define: ServerDefinition): ServerInterceptor {
  checkDefinition('defineServerInterceptor', name, define);
  const stepsOf = perMethod<ServerSteps>(name, define);
  return described<ServerInterceptor>({ name, side: 'server' }, (descriptor, call) => {
    if (!isRecentCall(call)) return unfitServerCall(name, descriptor, call);
    const steps = stepsOf(descriptor);
    if (steps === undefined) return call as ServerInterceptingCall;
    return ServerPass.join(descriptor, call, steps);
  });
}

/**
 * Makes a client interceptor for all four call kinds, in the same two steps as {@link defineServerInterceptor}. The
 * result is grpc-js's own `Interceptor`; neighbours of ours run as one pass.
 *
 * @throws TypeError when an argument is of the wrong type.
 * @example
 * const tenant = defineClientInterceptor('tenant', () => (call) => ({
 *   admit: () => call.metadata.set('x-tenant', 'acme'),
 * }));
 * const client = new ShopClient(target, credentials, { interceptors: [tenant] });
 */
export function defineClientInterceptor(name: string, define: ClientDefinition): Interceptor {
  checkDefinition('defineClientInterceptor', name, define);
  const stepsOf = perMethod<ClientSteps>(name, define);
  return described<Interceptor>({ name, side: 'client' }, (options, nextCall) => {
    if (!isNextCall(nextCall)) return misplacedOnServer(name, options, nextCall);
    const steps = stepsOf(options.method_definition);
    return steps === undefined ? (nextCall(options) as InterceptingCall) : ClientPass.over(options, nextCall, steps);
  });
}

type Begin = (call: never) => unknown;

/** The first step of an interceptor, kept per path. One that throws refuses the call and is asked again at the next. */
function perMethod<S extends ServerSteps | ClientSteps>(
  name: string,
  define: (method: Method) => Begin | void,
): (descriptor: MethodDescriptor) => S | undefined {
  const known = new Map<string, S | undefined>();
  return (descriptor) => {
    const found = known.get(descriptor.path);
    if (found !== undefined || known.has(descriptor.path)) return found;
    try {
      const steps = stepsFor<S>(name, define(methodOf(descriptor)));
      return remember(known, descriptor.path, steps);
    } catch (error) {
      return stepsFor(name, () => rethrow(error));
    }
  };
}

function stepsFor<S extends ServerSteps | ClientSteps>(name: string, begin: unknown): S | undefined {
  if (begin === undefined || begin === null) return undefined;
  if (typeof begin === 'function') return new Steps([{ name, begin: begin as () => void }]) as S;
  throw new TypeError(`Interceptor '${name}' must answer a method with a function or nothing, got ${typeof begin}`);
}

function rethrow(error: unknown): never {
  throw error;
}

function checkDefinition(owner: string, name: unknown, define: unknown): void {
  checkGrpcJs();
  if (typeof name !== 'string' || name === '') throw optionError(`${owner}: name`, 'a non-empty string', name);
  if (typeof define !== 'function') throw optionError(`${owner}: define`, 'a function of the method', define);
}
