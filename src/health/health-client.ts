import { credentials, Metadata, status, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { HealthClient, type HealthCheckResponse } from '../gen/grpc/health/v1/health.js';
import { optionError, optionsOf, type OptionChecker } from '../core/base/options.js';
import { StatusError } from '../core/status/status-error.js';
import { fromWire, type HealthStatus } from './status.js';

/** How to ask a server for its health. */
export interface HealthClientOptions {
  /**
   * Fully qualified, as in `shop.OrderService`; empty for the server as a whole.
   *
   * @default ''
   */
  readonly service?: string;
  /**
   * What the channel is secured with.
   *
   * @default an insecure channel
   */
  readonly credentials?: ChannelCredentials;
  /**
   * More options for the channel, such as `grpc.ssl_target_name_override`.
   *
   * @default {}
   */
  readonly channelOptions?: ChannelOptions;
}

/** As {@link HealthClientOptions}. */
export interface CheckHealthOptions extends HealthClientOptions {
  /**
   * How long to wait for the answer, connecting included, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number;
}

/** As {@link HealthClientOptions}. */
export interface WatchHealthOptions extends HealthClientOptions {
  /**
   * Ends the watch: the iteration finishes.
   *
   * @default none: the watch lasts until the loop is left
   */
  readonly signal?: AbortSignal;
}

const sharedNames = ['service', 'credentials', 'channelOptions'] as const;

/**
 * Asks a server once whether a service is serving: grpc.health.v1.Health/Check.
 *
 * @returns `SERVICE_UNKNOWN` when the server does not know the service.
 * @throws StatusError when there is no answer: UNAVAILABLE, DEADLINE_EXCEEDED, or UNIMPLEMENTED where there is no health service.
 * @throws TypeError when an option is wrong.
 */
export async function checkHealth(target: string, options: CheckHealthOptions = {}): Promise<HealthStatus> {
  const check = optionsOf('checkHealth', options, [...sharedNames, 'timeoutMs']);
  checkShared('checkHealth', check, target);
  const timeoutMs = check.milliseconds('timeoutMs', { min: 1, fallback: 5_000 });
  const client = connect(target, options);
  try {
    return fromWire((await askOnce(client, options.service ?? '', Date.now() + timeoutMs)).status);
  } catch (error) {
    const failure = StatusError.from(error);
    if (failure.code === status.NOT_FOUND) return 'SERVICE_UNKNOWN';
    throw failure;
  } finally {
    client.close();
  }
}

function askOnce(client: HealthClient, service: string, deadline: number): Promise<HealthCheckResponse> {
  return new Promise((resolve, reject) => {
    client.check({ service }, new Metadata(), { deadline }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/**
 * Follows a service's status over one stream of grpc.health.v1.Health/Watch: the present status at once, then each
 * change. Leaving the loop ends the stream.
 *
 * @throws StatusError, from the iteration, when the stream fails; it finishes when the server ends it, as a server that drains does.
 * @throws TypeError when an option is wrong.
 */
export function watchHealth(target: string, options: WatchHealthOptions = {}): AsyncIterable<HealthStatus> {
  const check = optionsOf('watchHealth', options, [...sharedNames, 'signal']);
  checkShared('watchHealth', check, target);
  if (options.signal !== undefined) check.having('signal', 'an AbortSignal', 'addEventListener');
  return watch(target, options);
}

async function* watch(target: string, options: WatchHealthOptions): AsyncGenerator<HealthStatus> {
  const { signal, service = '' } = options;
  if (signal?.aborted === true) return;
  const client = connect(target, options);
  const call = client.watch({ service });
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  // After the loop was left, the call still reports that it was cancelled; nobody waits for that any more.
  call.on('error', () => {});
  try {
    for await (const { status: now } of call as AsyncIterable<HealthCheckResponse>) yield fromWire(now);
  } catch (error) {
    if (!(signal?.aborted ?? false)) throw StatusError.from(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
    client.close();
  }
}

/** @throws TypeError naming the option that is wrong. */
function checkShared(owner: string, check: OptionChecker<HealthClientOptions>, target: unknown): void {
  if (typeof target !== 'string' || target === '') throw optionError(`${owner}: target`, 'a non-empty string', target);
  check.text('service', '');
  check.optionalObject('credentials', 'ChannelCredentials');
  check.optionalObject('channelOptions');
}

function connect(target: string, options: HealthClientOptions): HealthClient {
  return new HealthClient(target, options.credentials ?? credentials.createInsecure(), options.channelOptions);
}
