import { inspect } from 'node:util';

/**
 * The error of a wrong option: thrown at construction, it names the option, what was expected and what was got.
 *
 * @example optionError('retryClientInterceptor: maxAttempts', 'an integer of at least 2', 1)
 */
export function optionError(option: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${option} must be ${expected}, got ${brief(got)}`);
}

/**
 * Checks the options of one public function. Each check names the option as `owner: option` when it fails, and gives
 * the value back when it holds, so that defaults and checks read as one line.
 *
 * @example
 * const check = optionsOf('deadlineServerInterceptor', options, ['defaultMs', 'maxMs']);
 * const maxMs = check.number('maxMs', { min: 1, fallback: Infinity });
 */
export class OptionChecker<T extends object> {
  constructor(
    private readonly owner: string,
    private readonly options: T,
  ) {}

  /** A number within `min`..`max` (inclusive), an integer when asked; never NaN. */
  number<K extends keyof T & string>(
    name: K,
    { min = -Infinity, max = Infinity, integer = false, fallback }: NumberRule = {},
  ): number {
    const value = this.options[name] ?? fallback;
    if (typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value)))
      return value;
    throw this.error(name, numberText(min, max, integer), value);
  }

  /** A function, or undefined. */
  optionalFunction<K extends keyof T & string>(name: K): T[K] {
    const value = this.options[name];
    if (value === undefined || typeof value === 'function') return value;
    throw this.error(name, 'a function', value);
  }

  /** A boolean, or the fallback. */
  boolean<K extends keyof T & string>(name: K, fallback: boolean): boolean {
    const value = this.options[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.error(name, 'true or false', value);
  }

  /** A non-empty string, or the fallback. */
  string<K extends keyof T & string>(name: K, fallback?: string): string {
    const value = this.options[name] ?? fallback;
    if (typeof value === 'string' && value !== '') return value;
    throw this.error(name, 'a non-empty string', value);
  }

  /** One of a few strings, or the fallback. */
  oneOf<K extends keyof T & string, V extends string>(name: K, allowed: readonly V[], fallback?: V): V {
    const value = this.options[name] ?? fallback;
    if ((allowed as readonly unknown[]).includes(value)) return value as V;
    throw this.error(name, `one of ${allowed.map((each) => `'${each}'`).join(', ')}`, value);
  }

  /** The error to throw for a check of one's own. */
  error(name: string, expected: string, got: unknown): TypeError {
    return optionError(`${this.owner}: ${name}`, expected, got);
  }
}

/** What {@link OptionChecker.number} accepts. */
export interface NumberRule {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  /** The value when the option is not given; without one the option is required. */
  readonly fallback?: number;
}

/**
 * Starts the checks of a public function's options, whose known names are given: an unknown name warns, with the
 * nearest right one, since a misspelt option would otherwise be ignored in silence.
 *
 * @throws TypeError when `options` is not an object.
 */
export function optionsOf<T extends object>(
  owner: string,
  options: T,
  names: readonly (keyof T & string)[],
): OptionChecker<T> {
  if (typeof options !== 'object' || options === null) throw optionError(`${owner}: options`, 'an object', options);
  for (const name of Object.keys(options)) {
    if ((names as readonly string[]).includes(name)) continue;
    const near = nearest(name, names);
    const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean '${near}'?`;
    process.emitWarning(`${owner}: unknown option '${name}': ${hint}`, { code: 'GRPC_JS_MIDDLEWARE_OPTION' });
  }
  return new OptionChecker(owner, options);
}

function numberText(min: number, max: number, integer: boolean): string {
  const noun = integer ? 'an integer' : 'a number';
  if (min === -Infinity && max === Infinity) return noun;
  if (max === Infinity) return `${noun} of at least ${min}`;
  if (min === -Infinity) return `${noun} of at most ${max}`;
  return `${noun} from ${min} to ${max}`;
}

function brief(value: unknown): string {
  const text = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 5 });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The known name that is at most two edits away, if any. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((known) => ({ known, edits: editDistance(name.toLowerCase(), known.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(name.length / 4)) ? best.known : undefined;
}

/** Levenshtein's distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
