import { status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import type { CallEnd, ClientHooks } from '../core/hooks.js';
import { reportHookFailure } from '../core/base/report-failure.js';
import type { StatusError } from '../core/status/status-error.js';
import { timeText } from '../core/base/time-text.js';
import { isListed, uncalled } from '../core/misplaced.js';
import type { Breaker, CircuitBreaker, Pass } from './breaker.js';
import { activeOptions, failsByDefault, NAME, type CircuitBreakerOptions } from './breaker-options.js';
import { BreakerTable } from './breaker-table.js';
import { keyFunction } from './keys.js';
import { announcer } from './listeners.js';
import { Refusals, wholeDelay } from './refusal.js';
import { serverDelayMs } from './server-delay.js';

/** A circuit breaker per key: put it on the client, and watch or operate its breakers. */
export interface CircuitBreakers extends Interceptor {
  /** The breaker of this key, made if need be. */
  breaker(key: string): CircuitBreaker;
  /** All breakers that are known. */
  breakers(): readonly CircuitBreaker[];
}

/**
 * Stops calling a service that fails: once too many calls of a sliding window failed, the breaker opens and calls fail at
 * once with UNAVAILABLE, until a probe succeeds. The service gets time to recover, and callers an answer while they still
 * have time to do something else. A server that says when to come back, by google.rpc `RetryInfo` or
 * `grpc-retry-pushback-ms` (gRFC A6), is taken at its word.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const breaker = circuitBreakerClientInterceptor({ onStateChange: ({ key, to }) => log.warn({ key, to }) });
 * const client = new StockClient(target, credentials, { interceptors: [breaker, retryClientInterceptor(policy)] });
 * breaker.breaker('shop.StockService').forceOpen();
 */
export function circuitBreakerClientInterceptor(options: CircuitBreakerOptions = {}): CircuitBreakers {
  if (isListed(arguments)) return uncalled('circuitBreakerClientInterceptor', arguments);
  const { policy, maxKeys, dryRun, key, isFailure } = activeOptions(options);
  const table = new BreakerTable(policy, maxKeys);
  const announce = announcer('circuit_breaker', NAME, options);
  const byKey = key === undefined ? undefined : keyFunction(NAME, key, serviceOf);
  const fails = failureFunction(isFailure);

  const interceptor = defineClientInterceptor(NAME, ({ path, service }) => {
    const refusals = new Refusals(status.UNAVAILABLE, `${path} was not called: its circuit breaker is open`);
    return (call) => {
      const breaker = table.get(byKey === undefined ? service : byKey(call));
      const answer = breaker.admit();
      if (typeof answer !== 'number') {
        announce?.(call, 'admitted', 0);
        return answer.probe ? new Probe(call, breaker, answer, fails) : new Watched(call, breaker, answer, fails);
      }
      announce?.(call, dryRun ? 'would_refuse' : 'refused', wholeDelay(answer));
      return dryRun ? undefined : new FailedFast(refusals.after(answer));
    };
  });
  const { failureRate, minimumCalls, windowMs } = policy;
  const text = `opens when ${failureRate * 100} % of ${minimumCalls} calls or more fail in ${timeText(windowMs)}${dryRun ? ', dry run' : ''}`;
  return Object.assign(
    explained(interceptor, () => text),
    { breaker: (name: string) => table.get(name), breakers: () => table.list() },
  );
}

const serviceOf = (call: ClientCallContext): string => call.method.service;

type Fails = (end: CallEnd, call: ClientCallContext) => boolean;

function failureFunction(isFailure: CircuitBreakerOptions['isFailure']): Fails {
  if (isFailure === undefined) return ({ code }) => failsByDefault(code);
  return (end, call) => {
    try {
      return isFailure({ call, end });
    } catch (error) {
      reportHookFailure(NAME, 'isFailure', error);
      return failsByDefault(end.code);
    }
  };
}

/** A call whose end the breaker wants to know. */
class Watched implements ClientHooks {
  protected settled = false;
  private askedMs = 0;

  constructor(
    protected readonly call: ClientCallContext,
    protected readonly breaker: Breaker,
    protected readonly pass: Pass,
    private readonly fails: Fails,
  ) {}

  onStatus(given: StatusObject): void {
    this.askedMs = serverDelayMs(given);
  }

  onEnd(end: CallEnd): void {
    if (this.settled) return;
    // Whoever cancels a call, or refuses it on this side, says nothing about the server.
    const silent = end.code === status.CANCELLED || end.origin === 'interceptor';
    if (silent) this.breaker.forget(this.pass);
    else this.breaker.settle(this.pass, this.fails(end, this.call), this.askedMs);
  }
}

/** A probe that is a stream need not end to succeed: a server that answers it at all is back. */
class Probe extends Watched {
  onHeaders(): void {
    const { kind } = this.call.method;
    if (this.settled || (kind !== 'server_stream' && kind !== 'bidi_stream')) return;
    this.settled = true;
    this.breaker.settle(this.pass, false, 0);
  }
}

class FailedFast implements ClientHooks {
  constructor(private readonly error: StatusError) {}

  admit(): never {
    throw this.error;
  }
}
