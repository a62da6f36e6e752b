import { inspect, types } from 'node:util';
import { nearestName } from './nearest-name.js';
import { MAX_DELAY_MS } from './timer.js';

/**
 * The error of a wrong option: thrown at construction, it names the option, what was expected and what was got.
 *
 * @example optionError('retryClientInterceptor: maxAttempts', 'an integer of at least 2', 1)
 */
export function optionError(option: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${option} must be ${expected}, got ${shown(got)}`);
}

/** Stands in an {@link optionError} for a value that may be a secret: only of what kind it is will be told. */
export function withheld(value: unknown): unknown {
  return new Withheld(kindOf(value));
}

/**
 * Checks the options of one public function. Each check names the option as `owner: option` when it fails, and gives
 * the value back when it holds, so that defaults and checks read as one line. Only `undefined` counts as not given.
 *
 * @example
 * const check = optionsOf('deadlineServerInterceptor', options, ['defaultMs', 'maxMs']);
 * const maxMs = check.number('maxMs', { min: 1, fallback: 60_000 });
 */
export class OptionChecker<T extends object> {
  constructor(
    private readonly place: string,
    private readonly options: T,
  ) {}

  /** A number within the rule's bounds; never NaN, and infinite only where `max` says so. */
  number(name: keyof T & string, rule: NumberRule = {}): number {
    const value: unknown = this.options[name];
    if (value === undefined && rule.fallback !== undefined) return rule.fallback;
    if (isWithin(rule, value)) return value;
    throw this.error(name, numberText(rule), value);
  }

  /** A time that setTimeout keeps, in milliseconds; a longer one would fire at once. */
  milliseconds(name: keyof T & string, rule: NumberRule = {}): number {
    return this.number(name, { max: MAX_DELAY_MS, ...rule });
  }

  /** A function, or undefined. */
  optionalFunction<K extends keyof T & string>(name: K): T[K] {
    return this.given(name, 'a function', (value) => value === undefined || typeof value === 'function');
  }

  /** A boolean, or the fallback. */
  boolean(name: keyof T & string, fallback: boolean): boolean {
    return this.given(name, 'true or false', (value) => typeof value === 'boolean', fallback);
  }

  /** A non-empty string, or the fallback. */
  string(name: keyof T & string, fallback?: string): string {
    return this.given(name, 'a non-empty string', (value) => typeof value === 'string' && value !== '', fallback);
  }

  /** A string that may be empty, or the fallback. */
  text(name: keyof T & string, fallback?: string): string {
    return this.given(name, 'a string', (value) => typeof value === 'string', fallback);
  }

  /** A non-empty string, or undefined. */
  optionalString(name: keyof T & string): string | undefined {
    return this.options[name] === undefined ? undefined : this.string(name);
  }

  /** One of a few strings, or the fallback. */
  oneOf<V extends string>(name: keyof T & string, allowed: readonly V[], fallback?: V): V {
    const expected = `one of ${allowed.map((each) => `'${each}'`).join(', ')}`;
    return this.given(name, expected, (value) => (allowed as readonly unknown[]).includes(value), fallback);
  }

  /** A list whose items are all right, or the fallback. */
  list<K extends keyof T & string, F>(
    name: K,
    expected: string,
    isRight: (item: unknown) => boolean,
    fallback?: F,
  ): Exclude<T[K], undefined> | F {
    return this.given(name, expected, (value) => Array.isArray(value) && value.every(isRight), fallback);
  }

  /** An object, whatever is in it, or undefined. */
  optionalObject<K extends keyof T & string>(name: K, expected = 'an object'): T[K] {
    return this.given(name, expected, (value) => value === undefined || isObject(value));
  }

  /** An object of which these, where it has them, are functions; or undefined. */
  optionalObserver<K extends keyof T & string>(name: K, ...methods: readonly string[]): T[K] {
    const value = this.options[name];
    if (value === undefined) return value;
    if (!isObject(value)) throw this.error(name, `an object with ${methods.join(' or ')}`, value);
    for (const method of methods) {
      const listener = (value as Record<string, unknown>)[method];
      if (listener !== undefined && typeof listener !== 'function')
        throw this.error(`${name}.${method}`, 'a function', listener);
    }
    return value;
  }

  /** Something of the application's or of another library: whatever has these methods. */
  having<K extends keyof T & string>(
    name: K,
    expected: string,
    ...methods: readonly string[]
  ): Exclude<T[K], undefined> {
    return this.given(name, expected, (value) => hasMethods(value, ...methods));
  }

  /** The error to throw for a check of one's own. */
  error(name: string, expected: string, got: unknown): TypeError {
    return optionError(optionName(this.place, name), expected, got);
  }

  /** What was given, or the fallback, if it is right. */
  private given<V>(
    name: keyof T & string,
    expected: string,
    isRight: (value: unknown) => boolean,
    fallback?: unknown,
  ): V {
    const value: unknown = this.options[name] === undefined ? fallback : this.options[name];
    if (isRight(value)) return value as V;
    throw this.error(name, expected, value);
  }
}

/** What {@link OptionChecker.number} accepts. */
export interface NumberRule {
  readonly min?: number;
  /** As `min`, itself excluded. */
  readonly above?: number;
  /** @default the largest finite number */
  readonly max?: number;
  readonly integer?: boolean;
  /** The value when the option is not given; without one the option is required. */
  readonly fallback?: number;
}

/** A list with every option's name: an option that is added to the type, and not to its list, does not compile. */
type Complete<T, Names extends readonly unknown[]> = [Exclude<keyof T, Names[number]>] extends [never]
  ? Names
  : readonly `missing: ${Exclude<keyof T, Names[number]> & string}`[];

const warned = new Set<string>();

/**
 * Starts the checks of a public function's options, whose known names are given: an unknown name warns (once per
 * function and name), with the nearest right one, since a misspelt option would otherwise be ignored in silence.
 *
 * @param place The function; for options inside options `function: path`, such as `jwtAuthenticator: cache`.
 * @throws TypeError when `options` is not an object.
 */
export function optionsOf<T extends object, const Names extends readonly (keyof T & string)[]>(
  place: string,
  options: T,
  names: Names & Complete<T, Names>,
): OptionChecker<T> {
  // What stands in the place of options may be the secret that belongs into them.
  if (!isObject(options))
    throw optionError(place.includes(': ') ? place : `${place}: options`, 'an object', withheld(options));
  if (isCallOfGrpcJs(options))
    throw new TypeError(`${place} is listed as an interceptor and makes one: list ${place}(…)`);
  for (const name of Object.keys(options))
    if (!(names as readonly string[]).includes(name)) warnOfUnknown(place, name, names);
  return new OptionChecker(place, options);
}

/** What grpc-js calls an interceptor with first: a server's method, or the options of a client's call. */
function isCallOfGrpcJs(options: object): boolean {
  return 'method_definition' in options || ('requestStream' in options && 'responseStream' in options);
}

/** Warns, once per function and name, of an option that is not known, with the nearest right name. */
export function warnOfUnknown(place: string, name: string, names: readonly string[]): void {
  const option = optionName(place, name);
  if (warned.has(option)) return;
  warned.add(option);
  const near = nearestName(name, names);
  const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean '${near}'?`;
  const owner = place.split(': ', 1)[0]!;
  process.emitWarning(`${owner}: unknown option '${option.slice(owner.length + 2)}'; ${hint}`, {
    code: 'GRPC_JS_MIDDLEWARE_UNKNOWN_OPTION',
  });
}

/** `owner: name`, or `owner: path.name` inside other options. */
export function optionName(place: string, name: string): string {
  return `${place}${place.includes(': ') ? '.' : ': '}${name}`;
}

/** What options can be: an object that is no list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value has all of these methods. */
export function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

function isWithin(rule: NumberRule, value: unknown): value is number {
  const { min = -Infinity, above = -Infinity, max = Number.MAX_VALUE, integer = false } = rule;
  if (typeof value !== 'number' || !(value >= min && value <= max)) return false;
  return (above === -Infinity || value > above) && (!integer || Number.isInteger(value));
}

function numberText({ min, above, max, integer = false }: NumberRule): string {
  const noun = integer ? 'an integer' : max === undefined ? 'a finite number' : 'a number';
  const bounded = max !== undefined && max < Number.MAX_VALUE;
  if (above !== undefined) return `${noun} above ${above}${bounded ? `, at most ${max}` : ''}`;
  if (min !== undefined) return bounded ? `${noun} from ${min} to ${max}` : `${noun} of at least ${min}`;
  return bounded ? `${noun} of at most ${max}` : noun;
}

class Withheld {
  constructor(readonly kind: string) {}
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'a list';
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value as an error shows it, on one short line. Of objects only the names of what they hold: it may be a secret. */
function shown(value: unknown): string {
  if (value instanceof Withheld) return value.kind;
  if (Array.isArray(value)) return listText(value.slice(0, 5).map(shown), value.length);
  if (typeof value === 'object' && value !== null && !types.isRegExp(value)) return objectText(value);
  const text = inspect(value, { breakLength: Infinity, maxStringLength: 60 });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function listText(items: readonly string[], length: number): string {
  return `[${[...items, ...(length > items.length ? ['…'] : [])].join(', ')}]`;
}

function objectText(value: object): string {
  const names = Object.keys(value);
  const made = (value.constructor as { readonly name?: string } | undefined)?.name ?? '';
  const type = made === 'Object' || made === '' ? '' : `${made} `;
  if (names.length === 0) return `${type}{}`;
  return `${type}{ ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''} }`;
}
