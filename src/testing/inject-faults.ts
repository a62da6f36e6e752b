import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import type { ServerHooks } from '../core/hooks.js';
import { matcher, namesIn, type MethodMatch } from '../core/match.js';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import { covering, type CoversMethods } from '../core/describe/coverage.js';
import { explained } from '../core/description.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { StatusError } from '../core/status/status-error.js';
import { statusName, type StatusName } from '../core/status/status-name.js';
import { timeText } from '../core/base/time-text.js';

/** What {@link injectFaults} may be given. */
export interface FaultOptions {
  /** The share of calls to hit, from 0 to 1. @default 1 */
  readonly probability?: number;
  /** The status code to refuse them with, as a number or a name: `'UNAVAILABLE'`. Without one they are only delayed. */
  readonly code?: status | StatusName;
  /** Milliseconds to wait before that, or before the handler. @default 0 */
  readonly delayMs?: number;
  /** Which methods. @default '*' */
  readonly methods?: MethodMatch;
  /** Draws a number from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: () => number;
}

/**
 * A server interceptor that makes a share of the calls slow, or fail before their handler runs: to see what clients,
 * retries, circuit breakers and dashboards make of it. Delay and refusal are those of gRFC A33's fault injection.
 *
 * @throws TypeError for a wrong option, or when neither `code` nor `delayMs` is given.
 * @example injectFaults({ probability: 0.1, code: status.UNAVAILABLE, delayMs: 50, methods: 'shop.OrderService/*' })
 */
export function injectFaults(options: FaultOptions): ServerInterceptor & CoversMethods {
  if (isListed(arguments)) return uncalled('injectFaults', arguments);
  const check = optionsOf('injectFaults', options, ['probability', 'code', 'delayMs', 'methods', 'random']);
  const probability = check.number('probability', { min: 0, max: 1, fallback: 1 });
  const delayMs = check.milliseconds('delayMs', { min: 0, fallback: 0 });
  const code = options.code === undefined ? undefined : codeOf(check, options.code);
  if (code === undefined && delayMs === 0) throw check.error('code', 'given, or else delayMs', undefined);
  const { methods = '*' } = options;
  const matches = matcher(methods, 'injectFaults: methods');
  const random = check.optionalFunction('random') ?? Math.random;

  const interceptor = defineServerInterceptor('injectFaults', (method) => {
    if (!matches(method)) return;
    return (call) => (random() < probability ? faultOf(call, delayMs, code) : undefined);
  });
  const fault = [delayMs > 0 && `late by ${timeText(delayMs)}`, code !== undefined && `fail with ${statusName(code)}`];
  return covering(
    explained(
      interceptor,
      () => `${probability * 100} % of calls are ${fault.filter(Boolean).join(' and ')}`,
      matches,
      namesIn(methods, 'injectFaults: methods'),
    ),
  );
}

function codeOf(check: OptionChecker<FaultOptions>, given: status | StatusName): status {
  const code: number = typeof given === 'string' ? status[given] : given;
  if (Number.isInteger(code) && code >= 1 && code <= 16) return code;
  throw check.error('code', "a status code from 1 to 16 or its name, such as 'UNAVAILABLE'", given);
}

function faultOf(call: ServerCallContext, delayMs: number, code: status | undefined): ServerHooks {
  const refuse = (): void => {
    if (code !== undefined) throw new StatusError(code, 'Injected fault');
  };
  return { admit: delayMs === 0 ? refuse : () => delay(call.signal, delayMs).then(refuse) };
}

/** Waits, or until the call is over: no timer outlives it. */
function delay(signal: AbortSignal, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
