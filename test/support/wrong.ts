/** Values that no option of a kind takes; each has to be refused at construction. */
const notNumbers = [null, '5', {}, true, Number.NaN] as const;

export const wrong = {
  boolean: [null, 'true', 1, {}],
  function: [null, 'f', 5, {}],
  text: [null, '', 5, {}],
  anyText: [null, 5, {}],
  object: [null, 'x', 5, []],
  list: [null, 'x', 5, {}],
  /** Finite, above 0. */
  positive: [...notNumbers, -1, 0, Infinity],
  /** Finite, 0 or more. */
  atLeastZero: [...notNumbers, -1, Infinity],
  /** A whole number of at least 1. */
  count: [...notNumbers, -1, 0, 1.5, Infinity],
  /** Milliseconds that setTimeout keeps, above 0. */
  time: [...notNumbers, -1, 0, Infinity, 2 ** 31],
  /** Milliseconds that setTimeout keeps, or none. */
  timeOrZero: [...notNumbers, -1, Infinity, 2 ** 31],
  /** Above 0, and no end to it. */
  timeOrNever: [...notNumbers, -1, 0],
  /** From 0 to 1. */
  share: [...notNumbers, -0.1, 1.1],
  /** From 0 to 100. */
  percent: [...notNumbers, -1, 101],
  statusCodes: [null, 'UNAVAILABLE', ['NOPE'], [0], ['OK'], [99]],
  match: [null, '', 5, 'nonsense', {}, ['nonsense'], 'a.B/C/D'],
  /** What only another library can make. */
  foreign: [null, 'x', 5, {}],
} as const satisfies Record<string, readonly unknown[]>;

/** The options that are named alike for a retry of ours and for grpc-js's own. */
export const wrongPolicies = {
  policy: {
    maxAttempts: [...wrong.count, 1],
    maxAttemptsLimit: [...wrong.count, 1],
    initialBackoffMs: wrong.time,
    maxBackoffMs: wrong.time,
    backoffMultiplier: wrong.positive,
    retryableStatusCodes: [...wrong.statusCodes, []],
  },
  throttling: {
    maxTokens: [...wrong.positive, 1001, 0.0001],
    tokenRatio: [...wrong.positive, 1001, 0.0001],
  },
} as const;

/** The wrong calls of each export of an import path. */
export type WrongCalls = Readonly<Record<string, readonly WrongCall[]>>;

/** The exports of an import path that take nothing which could be a wrong option, and why. */
export type WithoutOptions = Readonly<Record<string, string>>;

/** One way to call a function wrongly, which has to throw. */
export interface WrongCall {
  /** What the error is about: `function: option`. */
  readonly option: string;
  readonly given: unknown;
  readonly call: () => unknown;
  /** What it has to warn of first. */
  readonly warning?: string;
}

/**
 * The wrong calls of a function that takes one object of options. `rows` names every option there is, or does not
 * compile.
 *
 * @param good Options that make the function succeed, to which one wrong one is added at a time.
 * @param place How its errors begin: `function`, or `function: option` for options inside an option.
 */
export function wrongOptions<O extends object>(
  place: string,
  make: (options: O) => unknown,
  good: O,
  rows: Readonly<Record<keyof O & string, readonly unknown[]>>,
): WrongCall[] {
  const inside = place.includes(': ');
  const notObjects = [null, 'x', 5, [], () => 1].map((given) => ({
    option: inside ? place : `${place}: options`,
    given,
    call: () => make(given as never),
  }));
  const calls = Object.entries<readonly unknown[]>(rows).flatMap(([name, values]) =>
    values.map((given) => ({
      option: `${place}${inside ? '.' : ': '}${name}`,
      given,
      call: () => make({ ...good, [name]: given }),
    })),
  );
  return [...notObjects, ...calls, misspelt(calls[0]!, Object.keys(rows)[0]!, make, good)];
}

/** The first option's name with a letter too many, beside a value of it that is wrong, so that nothing starts. */
function misspelt<O extends object>(
  { option, given }: WrongCall,
  name: string,
  make: (options: O) => unknown,
  good: O,
): WrongCall {
  const [owner, path] = option.split(': ', 2);
  return {
    option,
    given,
    call: () => make({ ...good, [`${name}x`]: 1, [name]: given }),
    warning: `${owner}: unknown option '${path}x'; did you mean '${name}'?`,
  };
}

/** The wrong calls of a function by one of its arguments, or what else is wrong with a call. */
export function wrongArgument(
  option: string,
  values: readonly unknown[],
  make: (value: never) => unknown,
): WrongCall[] {
  return values.map((given) => ({ option, given, call: () => make(given as never) }));
}
