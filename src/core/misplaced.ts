import {
  ServerInterceptingCall,
  status,
  type InterceptingCall,
  type Interceptor,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { oldServerText } from './base/grpc-js-copy.js';
import { withoutStack } from './base/without-stack.js';
import { ClientPass } from './client/client-pass.js';
import { Steps } from './pass/steps.js';
import { ServerPass } from './server/server-pass.js';
import type { Side } from './side.js';
import { StatusError } from './status/status-error.js';

// An interceptor that is listed on the wrong side refuses its calls: what it would throw otherwise ends the process.

/** grpc-js hands a client interceptor a function to call next, and a server's the call itself. */
export function isNextCall(second: unknown): second is Parameters<Interceptor>[1] {
  return typeof second === 'function';
}

/**
 * Whether a function that makes interceptors was itself listed as one, and is called by grpc-js as such. In JavaScript
 * nothing else notices, and what its options' checks throw would end a server's process.
 */
export function isListed(args: IArguments): boolean {
  const [first, second] = args as unknown as [
    Record<string, unknown> | undefined,
    { sendStatus?: unknown } | undefined,
  ];
  if (typeof first !== 'object' || first === null) return false;
  return isNextCall(second) ? 'method_definition' in first : typeof second?.sendStatus === 'function';
}

/** The call of a list that holds a function which makes interceptors: it fails, and says why. */
export function uncalled(name: string, args: IArguments): never {
  const [first, second] = args as unknown as [unknown, unknown];
  const text = `${name} is listed as an interceptor and makes one: list ${name}(…)`;
  return refused(name, text, first, second) as never;
}

function refused(name: string, text: string, first: unknown, second: unknown): unknown {
  return isNextCall(second)
    ? ClientPass.over(first as Parameters<Interceptor>[0], second, refusing(name, text))
    : ServerPass.join(
        first as Parameters<ServerInterceptor>[0],
        second as Parameters<ServerInterceptor>[1],
        refusing(name, text),
      );
}

/** The call of a server interceptor that cannot work: it is listed on a client, or the server is of an older grpc-js. */
export function unfitServerCall(name: string, descriptor: unknown, call: unknown): ServerInterceptingCall {
  if (isNextCall(call)) return misplacedOnClient(name, descriptor, call);
  const details = oldServerText();
  warnOnce(details);
  // grpc-js's own class, since ours needs what is missing.
  return new ServerInterceptingCall(call as ConstructorParameters<typeof ServerInterceptingCall>[0], {
    start: () => (call as ServerInterceptingCall).sendStatus({ code: status.INTERNAL, details }),
  });
}

/** The call of a client whose interceptor is for servers. */
export function misplacedOnClient(name: string, options: unknown, nextCall: unknown): ServerInterceptingCall {
  return refused(name, sideText(name, 'server'), options, nextCall) as ServerInterceptingCall;
}

/** The call of a server whose interceptor is for clients. */
export function misplacedOnServer(name: string, descriptor: unknown, call: unknown): InterceptingCall {
  return refused(name, sideText(name, 'client'), descriptor, call) as InterceptingCall;
}

function sideText(name: string, belongs: Side): string {
  return `Interceptor '${name}' is for ${belongs}s and is listed on a ${belongs === 'client' ? 'server' : 'client'}`;
}

const warned = new Set<string>();

/** The operator is told once, whatever the other end makes of it. */
function warnOnce(text: string): void {
  if (!warned.has(text)) process.emitWarning(`${text}. Its calls fail`, { code: 'GRPC_JS_MIDDLEWARE_SIDE' });
  warned.add(text);
}

function refusing(name: string, text: string): Steps<unknown, object> {
  warnOnce(text);
  const begin = (): never => {
    throw withoutStack(new StatusError(status.INTERNAL, text));
  };
  return new Steps([{ name, begin }]);
}
