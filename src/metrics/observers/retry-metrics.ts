import { camelCaseCode } from '../../core/status/code-names.js';
import type { Method } from '../../core/method.js';
import { optionsOf } from '../../core/base/options.js';
import type { PrometheusRegistry } from '../exposition.js';
import { joinRegistry } from '../join-registry.js';
import { METHOD_LABELS, methodValues } from './method-labels.js';
import { registryOf } from './registry-option.js';
import { RetryDelays } from './retry-delays.js';
import { Tally } from './tally.js';

/** Options of {@link retryMetrics}. */
export interface RetryMetricsOptions {
  /** A prom-client `Registry`. */
  readonly register: PrometheusRegistry;
}

/** A failure and its reason, as retry and hedging tell it. */
export interface CountedFailure {
  /** Which method was called. */
  readonly method: Method;
  /** What the attempt failed with. */
  readonly error: { readonly code: number };
  /** Why it was tried again, or given up. */
  readonly reason: string;
}

/** What `observer` of `retryClientInterceptor` and of `hedgingClientInterceptor` takes. */
export interface RetryMetrics {
  /** Counts an attempt that another one follows. */
  onRetry(event: CountedFailure): void;
  /** Counts a call that failed for good. */
  onGiveUp(event: CountedFailure): void;
  /** Counts an attempt beside running ones. */
  onHedge(event: { readonly method: Method; readonly reason: string }): void;
  /** Counts the time that a call waited between its attempts. */
  onCallSettled(event: { readonly method: Method; readonly retryDelayMs: number }): void;
}

/**
 * Counts retries, hedges and calls that were given up, by reason, for Prometheus. One object serves any number of clients.
 *
 * @throws TypeError when `register` is no registry, or has other metrics of the same names.
 * @example
 * const observer = retryMetrics({ register });
 * new ShopClient(target, credentials, { interceptors: [retryClientInterceptor({ maxAttempts: 4, observer })] });
 */
export function retryMetrics(options: RetryMetricsOptions): RetryMetrics {
  const register = registryOf(optionsOf('retryMetrics', options, ['register']));
  return joinRegistry('retryMetrics', register, 'retry', new RetryCounts());
}

class RetryCounts implements RetryMetrics {
  private readonly retries = new Tally(
    'grpc_client_retries_total',
    'Attempts that failed and were made again, by the code that they failed with.',
    [...METHOD_LABELS, 'grpc_code', 'reason'],
  );
  private readonly givenUp = new Tally(
    'grpc_client_retries_given_up_total',
    'Calls that failed for good, by their code and why they were not tried again.',
    [...METHOD_LABELS, 'grpc_code', 'reason'],
  );
  private readonly hedges = new Tally(
    'grpc_client_hedges_total',
    'Attempts that were sent beside running ones, by what they did not wait for.',
    [...METHOD_LABELS, 'reason'],
  );
  private readonly delays = new RetryDelays();
  readonly families = [this.retries, this.givenUp, this.hedges, this.delays].map(({ family }) => family);

  onRetry({ method, error, reason }: CountedFailure): void {
    this.retries.add([...methodValues(method), camelCaseCode(error.code), reason]);
  }

  onGiveUp({ method, error, reason }: CountedFailure): void {
    this.givenUp.add([...methodValues(method), camelCaseCode(error.code), reason]);
  }

  onHedge({ method, reason }: Parameters<RetryMetrics['onHedge']>[0]): void {
    this.hedges.add([...methodValues(method), reason]);
  }

  onCallSettled({ method, retryDelayMs }: Parameters<RetryMetrics['onCallSettled']>[0]): void {
    this.delays.add(method, retryDelayMs);
  }
}
