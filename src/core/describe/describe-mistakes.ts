import type { ChannelOptions } from '@grpc/grpc-js';
import type { Link } from './describe-chain.js';
import { NO_DEFAULT, NO_RULE } from '../description.js';
import type { Method } from '../method.js';

/**
 * What is wrong with the chain of a method (or of all at once), a sentence each: what is known to be wrong in practice,
 * not what is only unusual.
 */
export type Mistakes = (chain: readonly Link[], method?: Method) => readonly string[];

/** Those that have to see rejected calls, on a server. */
const OBSERVERS = ['trackCalls', 'tracing', 'metrics', 'logging'];

/** Those that may refuse a call, or let it wait, on a server. */
const REFUSING = ['auth', 'deadlines', 'rate-limit', 'concurrency-limit', 'load-shedding', 'idempotency', 'validation'];

/** Those of which a second one in the same place is one too many. Limits may well be several. */
const SINGLE = ['trackCalls', 'tracing', 'metrics', 'logging', 'errors', 'auth', 'idempotency', 'validation'];

const RETRYING = ['retry', 'hedging'];

/** Mistakes of a server's chain. */
export const serverMistakes: Mistakes = (chain) => [
  ...behind(chain, OBSERVERS, REFUSING),
  ...doubles(chain),
  ...(chain.some(({ name, explanation }) => name === 'auth' && explanation === NO_RULE)
    ? ['no rule in the policy: every call is refused']
    : []),
  ...before(chain, 'validation', 'auth', 'unauthenticated callers learn what a good request looks like'),
  ...before(chain, 'idempotency', 'auth', 'all callers share their keys'),
];

/** What is worth a warning and may be meant: a server can do without. */
export const serverAdvice: Mistakes = (chain) =>
  places(chain)('errors') === undefined
    ? ['no errorServerInterceptor: unexpected errors reach clients as UNKNOWN']
    : [];

/** Mistakes of a client's chain, over a channel with these options. */
export function clientMistakes(options: ChannelOptions): Mistakes {
  return (chain, method) => {
    const retryAt = chain.findIndex(({ name }) => RETRYING.includes(name));
    const outside = retryAt < 0 ? chain : chain.slice(0, retryAt);
    const inside = retryAt < 0 ? [] : chain.slice(retryAt + 1);
    const has = (links: readonly Link[], name: string): boolean => links.some((link) => link.name === name);
    const retry = chain[retryAt]?.name;
    const onlyInside = (name: string): boolean => has(inside, name) && !has(outside, name);
    return [
      ...behind(outside, ['tracing', 'metrics'], ['deadlines', 'circuit-breaker']),
      ...doubles(outside),
      ...doubles(inside),
      ...(retry !== undefined && inside.some(isRetrying) ? ['retried twice: attempts multiply'] : []),
      ...(retry !== undefined && configSays(options, RETRY_POLICY) && options['grpc.enable_retries'] !== 0
        ? ['grpc-js retries too, by grpc.service_config: attempts multiply']
        : []),
      // Streams may stay open on purpose.
      ...(isBounded(chain) || configSays(options, TIMEOUT) || (method !== undefined && method.kind !== 'unary')
        ? []
        : ['no default deadline: a call without one may wait forever']),
      ...['tracing', 'metrics']
        .filter(onlyInside)
        .map((name) => `${name} is listed only after ${retry}: it sees attempts, and never the call`),
      ...(onlyInside('idempotency')
        ? [`idempotency is listed after ${retry}: each attempt gets a key of its own`]
        : []),
      ...(onlyInside('deadlines')
        ? [`deadlines is listed after ${retry}: each attempt gets the whole time again`]
        : []),
      ...(onlyInside('circuit-breaker')
        ? [`circuit-breaker is listed after ${retry}: what it rejects is retried`]
        : []),
    ];
  };
}

const isRetrying = ({ name, narrowed }: Link): boolean => RETRYING.includes(name) && narrowed === undefined;

const isBounded = (chain: readonly Link[]): boolean =>
  chain.some(({ name, explanation = '' }) => name === 'deadlines' && !explanation.startsWith(NO_DEFAULT));

const RETRY_POLICY = /"(retry|hedging)Policy"/;
const TIMEOUT = /"timeout"/;

function configSays(options: ChannelOptions, what: RegExp): boolean {
  const config = options['grpc.service_config'];
  return typeof config === 'string' && what.test(config);
}

const places =
  (chain: readonly Link[]) =>
  (name: string): number | undefined => {
    const index = chain.findIndex((link) => link.name === name);
    return index < 0 ? undefined : index;
  };

/** Those whose outermost place is further in than one that refuses. */
function behind(chain: readonly Link[], observers: readonly string[], refusing: readonly string[]): string[] {
  const first = chain.findIndex(({ name }) => refusing.includes(name));
  if (first < 0) return [];
  const at = places(chain);
  return observers
    .filter((name) => (at(name) ?? -1) > first)
    .map((name) => `${name} is listed after ${chain[first]!.name} and does not see the calls that it rejects`);
}

function before(chain: readonly Link[], one: string, other: string, consequence: string): string[] {
  const at = places(chain);
  const [first, second] = [at(one), at(other)];
  return first !== undefined && second !== undefined && first < second
    ? [`${one} is listed before ${other}: ${consequence}`]
    : [];
}

/** One that is for some methods only, where all are described at once, may have its like for the others. */
function doubles(chain: readonly Link[]): string[] {
  const whole = chain.filter(({ narrowed }) => narrowed === undefined).map(({ name }) => name);
  return SINGLE.filter((name) => whole.indexOf(name) !== whole.lastIndexOf(name)).map(
    (name) => `${name} is listed twice`,
  );
}
