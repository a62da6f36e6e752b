import type { ChannelOptions, Interceptor, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import { checkInterceptors } from './compose.js';
import { NO_RULE, descriptionOf } from './described.js';
import { fullName } from './match.js';
import { methodOf, type Method } from './method.js';

/** One interceptor of a chain, as it applies to one method. */
interface Link {
  readonly name: string;
  readonly explanation: string | undefined;
}

/** Interceptors that have to hear of refused calls. */
const OBSERVERS = ['tracing', 'metrics', 'logging'];

/** Interceptors that may refuse a call. */
const REFUSING = ['auth', 'deadlines', 'rate-limit', 'concurrency-limit', 'load-shedding', 'idempotency', 'validation'];

/**
 * The effective chain of each method as text, outermost first, with what each interceptor does to it (its policy, bounds
 * and limits), and warnings about known mistakes: an observer that stands inside one that refuses, no error interceptor,
 * methods without a rule. For people, at start-up or in a test; the wording may change.
 *
 * @throws TypeError when an interceptor is no function.
 * @example console.log(describeServer(interceptors, [ShopService]));
 */
export function describeServer(
  interceptors: readonly ServerInterceptor[],
  definitions: readonly ServiceDefinition[],
): string {
  checkInterceptors('describeServer', interceptors);
  const methods = definitions.flatMap((definition) => Object.values(definition).map((each) => methodOf(each)));
  return sections(interceptors, methods, serverWarnings(interceptors, methods));
}

/**
 * As {@link describeServer}, for a client's interceptors; the chain is the same for all methods unless it was narrowed.
 * Warns when both this library and grpc-js itself retry.
 *
 * @throws TypeError when an interceptor is no function.
 */
export function describeClient(interceptors: readonly Interceptor[], channelOptions: ChannelOptions = {}): string {
  checkInterceptors('describeClient', interceptors);
  const lines = flat(interceptors).map((each) => `  ${text({ name: nameOf(each), explanation: explanationOf(each) })}`);
  return ['every call', ...lines, ...clientWarnings(interceptors, channelOptions)].join('\n');
}

function sections(interceptors: readonly ServerInterceptor[], methods: readonly Method[], warnings: string[]): string {
  const blocks = methods.map((method) =>
    [`${fullName(method)} (${method.kind})`, ...chainOf(interceptors, method).map((link) => `  ${text(link)}`)].join(
      '\n',
    ),
  );
  return [...blocks, ...warnings].join('\n');
}

function chainOf(interceptors: readonly unknown[], method: Method): Link[] {
  return interceptors.flatMap((interceptor): Link[] => {
    const description = descriptionOf(interceptor);
    if (description?.applies?.(method) === false) return [];
    if (description?.parts !== undefined) return chainOf(description.parts, method);
    return [{ name: nameOf(interceptor), explanation: description?.explain?.(method) }];
  });
}

/** All interceptors of a chain, groups taken apart. */
function flat(interceptors: readonly unknown[]): unknown[] {
  return interceptors.flatMap((each) => descriptionOf(each)?.parts?.flatMap((part) => flat([part])) ?? [each]);
}

function nameOf(interceptor: unknown): string {
  return descriptionOf(interceptor)?.name ?? ((interceptor as { name?: string }).name || 'somebody else’s');
}

/** What a client's interceptor does, where that does not depend on the method. */
function explanationOf(interceptor: unknown): string | undefined {
  try {
    return descriptionOf(interceptor)?.explain?.(
      methodOf({ path: '/*/*', requestStream: false, responseStream: false }),
    );
  } catch {
    return undefined;
  }
}

const text = ({ name, explanation }: Link): string => (explanation === undefined ? name : `${name}: ${explanation}`);

function serverWarnings(interceptors: readonly ServerInterceptor[], methods: readonly Method[]): string[] {
  const names = flat(interceptors).map(nameOf);
  const firstRefusing = names.findIndex((name) => REFUSING.includes(name));
  const behind = names.filter((name, index) => OBSERVERS.includes(name) && firstRefusing >= 0 && index > firstRefusing);
  const closed = methods.filter((method) =>
    chainOf(interceptors, method).some(({ name, explanation }) => name === 'auth' && explanation === NO_RULE),
  );
  return [
    ...behind.map(
      (name) => `warning: ${name} stands behind ${names[firstRefusing]} and does not see what that refuses`,
    ),
    ...(names.includes('errors') ? [] : ['warning: no errorServerInterceptor: unknown errors become UNKNOWN']),
    ...closed.map((method) => `warning: ${fullName(method)} has no rule: every call is refused`),
  ];
}

function clientWarnings(interceptors: readonly Interceptor[], options: ChannelOptions): string[] {
  const names = flat(interceptors).map(nameOf);
  const ours = names.includes('retry') || names.includes('hedging');
  return ours && retriesItself(options)
    ? ['warning: grpc-js retries too (grpc.service_config has a retryPolicy): attempts multiply']
    : [];
}

function retriesItself(options: ChannelOptions): boolean {
  const config = options['grpc.service_config'];
  return options['grpc.enable_retries'] !== 0 && typeof config === 'string' && /"(retry|hedging)Policy"/.test(config);
}
