import type { InterceptingCall, Interceptor, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { checkInterceptors } from './compose.js';
import { defineClientInterceptor, defineServerInterceptor } from './define.js';
import { covering, type CoversMethods } from './describe/coverage.js';
import { described, descriptionOf } from './description.js';
import { matchText, matcher, namesIn, type MethodMatch } from './match.js';
import { remember } from './base/remember.js';
import { methodOf, type Method, type MethodDescriptor } from './method.js';

/**
 * Lets an interceptor see only calls of the methods that match; for others it costs nothing. Server or client, ours or
 * foreign, one or a composition. `assertCovers` of the result checks the names against the services at start-up.
 *
 * @throws TypeError when the match is malformed or the interceptor is no function.
 * @example forMethods('shop.OrderService/*', rateLimitServerInterceptor({ ratePerSecond: 10, burst: 20 }))
 */
export function forMethods<I extends ServerInterceptor | Interceptor>(
  match: MethodMatch,
  interceptor: I,
): I & CoversMethods {
  return select('forMethods', match, matcher(match, 'forMethods: match'), `only ${matchText(match)}`, interceptor);
}

/**
 * Lets an interceptor see calls of all methods but those that match.
 *
 * @throws TypeError when the match is malformed or the interceptor is no function.
 * @example exceptMethods('grpc.health.v1.Health/*', loggingServerInterceptor({ logger }))
 */
export function exceptMethods<I extends ServerInterceptor | Interceptor>(
  match: MethodMatch,
  interceptor: I,
): I & CoversMethods {
  const matches = matcher(match, 'exceptMethods: match');
  return select('exceptMethods', match, (method) => !matches(method), `except ${matchText(match)}`, interceptor);
}

function select<I extends ServerInterceptor | Interceptor>(
  owner: string,
  match: MethodMatch,
  applies: (method: Method) => boolean,
  narrowed: string,
  interceptor: I,
): I & CoversMethods {
  checkInterceptors(owner, [interceptor], descriptionOf(interceptor)?.side ?? 'server');
  const known = new Map<string, boolean>();
  const chosen = (descriptor: MethodDescriptor): boolean => {
    return known.get(descriptor.path) ?? remember(known, descriptor.path, applies(methodOf(descriptor)));
  };
  const side = descriptionOf(interceptor)?.side ?? 'server';
  const selected = (first: unknown, second: unknown): unknown =>
    // A client interceptor is given a function to call next, a server's the call itself.
    typeof second === 'function'
      ? onClient(owner, chosen, interceptor as Interceptor, first as ClientArguments[0], second as ClientArguments[1])
      : onServer(
          owner,
          chosen,
          interceptor as ServerInterceptor,
          first as ServerArguments[0],
          second as ServerArguments[1],
        );
  const selection = described(
    { name: owner, side, parts: [interceptor], applies, narrowed, names: namesIn(match, owner) },
    selected as I,
  );
  return covering(selection);
}

type Chosen = (descriptor: MethodDescriptor) => boolean;
type ClientArguments = Parameters<Interceptor>;
type ServerArguments = Parameters<ServerInterceptor>;

function onClient(
  owner: string,
  chosen: Chosen,
  interceptor: Interceptor,
  ...[options, nextCall]: ClientArguments
): InterceptingCall {
  let applies: boolean;
  try {
    applies = chosen(options.method_definition);
  } catch (error) {
    return defineClientInterceptor(owner, () => () => refuse(error))(options, nextCall);
  }
  return applies ? interceptor(options, nextCall) : (nextCall(options) as InterceptingCall);
}

function onServer(
  owner: string,
  chosen: Chosen,
  interceptor: ServerInterceptor,
  ...[descriptor, call]: ServerArguments
): ServerInterceptingCall {
  let applies: boolean;
  try {
    applies = chosen(descriptor);
  } catch (error) {
    return defineServerInterceptor(owner, () => () => refuse(error))(descriptor, call);
  }
  return applies ? interceptor(descriptor, call) : (call as ServerInterceptingCall);
}

/** A match that fails may have meant a guard, so its call does not go on without it; grpc-js would let it end the process. */
function refuse(error: unknown): never {
  throw error;
}
