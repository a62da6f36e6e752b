import { isObject, optionError, optionName, optionsOf } from '../core/base/options.js';
import { checkedRetryPolicy, retryPolicyNames, type RetryPolicy } from '../core/shared/retry-policy.js';
import { durationOf, durationText, type Duration } from './duration.js';

/** What a service config says of methods. */
export interface MethodSettings {
  /** As `serviceConfig`'s `retry`; `false` for none. What is absent is taken from the next wider entry. */
  readonly retry?: RetryPolicy | false;
  /** As `serviceConfig`'s `timeoutMs`. What is absent is taken from the next wider entry. */
  readonly timeoutMs?: number;
}

/** An entry of `methodConfig` in a service config. */
interface MethodConfig {
  readonly name: readonly { readonly service?: string; readonly method?: string }[];
  /** An object: grpc-js reads the text "0.5s" as five nanoseconds. */
  readonly timeout?: Duration;
  readonly retryPolicy?: object;
}

/** The entries, widest first, and the most attempts that any of them asks for. */
export interface MethodConfigs {
  readonly configs: readonly MethodConfig[];
  readonly maxAttempts: number;
}

type Named = Readonly<Record<string, MethodSettings>>;

/** @throws TypeError naming the method and the option that is wrong. */
export function methodConfigs(owner: string, outer: MethodSettings & { readonly methods?: Named }): MethodConfigs {
  const methods = readNames(owner, outer.methods);
  const inherited = (pattern: string): MethodSettings => {
    const service = methods.get(pattern.replace(/\/[^/]*$/, '/*'));
    return { ...defined(outer), ...defined(service), ...defined(methods.get(pattern)) };
  };
  const entries = [
    configOf(owner, '', outer),
    ...[...methods.keys()].map((pattern) => configOf(`${owner}: methods['${pattern}']`, pattern, inherited(pattern))),
  ];
  const maxAttempts = Math.max(0, ...entries.map(({ attempts }) => attempts));
  const configs = entries.map(({ config }) => config);
  const [widest, ...narrower] = configs;
  // An entry that says nothing hides wider ones, which is the point of `retry: false`; the widest hides nothing.
  return { configs: saysSomething(widest!) ? configs : narrower, maxAttempts };
}

const saysSomething = ({ timeout, retryPolicy }: MethodConfig) => timeout !== undefined || retryPolicy !== undefined;

/** The settings that are there: an undefined one must not hide a wider one. */
function defined({ retry, timeoutMs }: MethodSettings = {}): MethodSettings {
  return { ...(retry !== undefined && { retry }), ...(timeoutMs !== undefined && { timeoutMs }) };
}

function readNames(owner: string, methods: Named = {}): ReadonlyMap<string, MethodSettings> {
  if (!isObject(methods)) throw optionError(`${owner}: methods`, 'an object of settings by method', methods);
  const read = new Map<string, MethodSettings>();
  for (const [key, settings] of Object.entries(methods)) {
    optionsOf(`${owner}: methods['${key}']`, settings, ['retry', 'timeoutMs']);
    const pattern = key.replace(/^\//, '');
    if (!/^[^/*\s]+\/([^/*\s]+|\*)$/.test(pattern) || read.has(pattern)) {
      throw optionError(`${owner}: a name in methods`, "'pkg.Service/Name' or 'pkg.Service/*', each once", key);
    }
    read.set(pattern, settings);
  }
  return read;
}

/** @param pattern empty for every method */
function configOf(owner: string, pattern: string, { retry, timeoutMs }: MethodSettings) {
  const [service, method] = pattern === '' ? [] : pattern.split('/');
  const policy = retry === undefined || retry === false ? undefined : retryPolicyOf(optionName(owner, 'retry'), retry);
  const config: MethodConfig = {
    name: [{ ...(service && { service }), ...(method && method !== '*' && { method }) }],
    ...(timeoutMs !== undefined && { timeout: timeoutOf(owner, timeoutMs) }),
    ...(policy && { retryPolicy: policy }),
  };
  return { config, attempts: policy?.maxAttempts ?? 0 };
}

function timeoutOf(owner: string, timeoutMs: number): Duration {
  return durationOf(optionsOf(owner, { timeoutMs }, ['timeoutMs']).milliseconds('timeoutMs', { min: 1 }));
}

function retryPolicyOf(owner: string, retry: RetryPolicy) {
  const policy = checkedRetryPolicy(owner, optionsOf(owner, retry, retryPolicyNames), retry);
  return {
    maxAttempts: policy.maxAttempts,
    initialBackoff: durationText(policy.initialBackoffMs),
    maxBackoff: durationText(policy.maxBackoffMs),
    backoffMultiplier: policy.backoffMultiplier,
    retryableStatusCodes: policy.retryableStatusCodes,
  };
}
