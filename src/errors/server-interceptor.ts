import type { ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { optionsOf } from '../core/base/options.js';
import type { StatusError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { ErrorHooks } from './error-hooks.js';
import type { ErrorRules } from './error-rules.js';

/** Options of {@link errorServerInterceptor}. */
export interface ErrorServerOptions {
  /**
   * Fills the domain of `ErrorInfo` details that have none, such as those of a {@link BusinessError} that was made
   * without one. @default none
   */
  readonly domain?: string;
  /**
   * Asked first, of whatever was thrown: what to send for it, or undefined to go on as usual. One that throws, or gives
   * back anything else (a promise, too), makes the error an unknown one. @default none
   *
   * @example map: (error) => error instanceof UniqueViolation ? new StatusError(status.ALREADY_EXISTS, 'Exists') : undefined
   */
  readonly map?: (error: unknown, call: ServerCallContext) => StatusError | undefined;
  /**
   * Takes any error with one of gRPC's codes for meant, as grpc-js does, and sends its text. For handlers that call back
   * with `Object.assign(new Error('…'), { code })` or `{ code, details }`, until they are changed. An error of a library
   * whose `code` is a small number is sent then, too: child_process puts the exit status there, with the command and its
   * output in the message. @default false
   */
  readonly trustCodes?: boolean;
  /**
   * For development only: sends the text of unknown errors, and their stack in a `DebugInfo` detail. @default false
   */
  readonly exposeUnknown?: boolean;
  /**
   * Told of each unknown error, before the client is sent INTERNAL. Of a plain handler's error, which grpc-js keeps to
   * itself, it gets a StatusError with the text that would have been sent. @default none
   */
  readonly onUnknown?: (error: unknown, call: ServerCallContext) => void;
}

/**
 * Decides what the client is told when a handler or an inner interceptor fails: errors that were meant for it pass with
 * code, text and details; all others become INTERNAL 'Internal error'. Trailers and odd codes of servers further down
 * are not passed on.
 *
 * @throws TypeError when an option is wrong.
 * @example
 * new Server({ interceptors: [errorServerInterceptor({ domain: 'shop.example', onUnknown: (error) => log.error(error) })] });
 */
export function errorServerInterceptor(options: ErrorServerOptions = {}): ServerInterceptor {
  if (isListed(arguments)) return uncalled('errorServerInterceptor', arguments);
  const names = ['domain', 'map', 'trustCodes', 'exposeUnknown', 'onUnknown'] as const;
  const check = optionsOf('errorServerInterceptor', options, names);
  const rules: ErrorRules = {
    domain: check.optionalString('domain'),
    map: check.optionalFunction('map'),
    trustCodes: check.boolean('trustCodes', false),
    exposeUnknown: check.boolean('exposeUnknown', false),
    onUnknown: check.optionalFunction('onUnknown'),
  };
  return defineServerInterceptor('errors', () => (call) => new ErrorHooks(rules, call));
}
