import type { CallContext } from '../core/context.js';
import { isThenable, reportHookFailure } from '../core/base/report-failure.js';

/** What answers an extra label for a call. */
export type LabelFunctions = Readonly<Record<string, (call: CallContext) => string>>;

/** The value of a label for everything beyond its bound. */
export const OTHER = 'other';

/** Longer values are no names of anything. */
const MAX_LENGTH = 128;

/**
 * The values of the extra labels, kept from exploding: each distinct combination is a series of its own, for as long as
 * the process lives, in every metric and on every method. Beyond `max` combinations, all values become `other`.
 */
export class LabelSets {
  private readonly known = new Map<string, Labelled>();
  private readonly overflow: Labelled;
  private warned = false;

  constructor(
    readonly names: readonly string[],
    private readonly max: number,
  ) {
    this.overflow = this.labelled(names.map(() => OTHER));
  }

  /** The combination for a call, as its functions answer. */
  of(owner: string, functions: LabelFunctions, call: CallContext): Labelled {
    return this.find(this.names.map((name) => valueOf(owner, name, functions[name]!, call)));
  }

  /** The combination of empty values, for series that start at zero before there is a call. */
  get empty(): Labelled {
    return this.find(this.names.map(() => ''));
  }

  private find(values: readonly string[]): Labelled {
    const found = this.known.get(keyOf(values));
    if (found !== undefined) return found;
    if (this.known.size >= this.max) return this.full();
    // A short value may be part of a long text, which would be kept with it.
    const copied = this.labelled(values.map((value) => Buffer.from(value).toString()));
    this.known.set(copied.key, copied);
    return copied;
  }

  private full(): Labelled {
    if (!this.warned) {
      this.warned = true;
      const what = `labels ${this.names.join(', ')} took more than ${this.max} distinct values; the rest is counted as '${OTHER}'`;
      process.emitWarning(`metrics: ${what}`, { code: 'GRPC_JS_MIDDLEWARE_LABELS' });
    }
    return this.overflow;
  }

  private labelled(values: readonly string[]): Labelled {
    const labels = Object.fromEntries(this.names.map((name, index) => [name, values[index]!]));
    return { key: keyOf(values), labels };
  }
}

const keyOf = (values: readonly string[]): string => (values.length === 1 ? values[0]! : JSON.stringify(values));

/** A combination of values, and what it is found by. */
export interface Labelled {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A value that fits a label, whatever the function did: empty for none, `unknown` for a failure, `other` for too long. */
function valueOf(owner: string, name: string, label: LabelFunctions[string], call: CallContext): string {
  try {
    const value: unknown = label(call);
    if (typeof value === 'string') return value.length > MAX_LENGTH ? OTHER : value;
    if (value === undefined || value === null) return '';
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (isThenable(value)) value.then(undefined, () => undefined);
    reportHookFailure(owner, `labels.${name}`, new TypeError(`a label must be a string, got a ${typeof value}`));
  } catch (error) {
    reportHookFailure(owner, `labels.${name}`, error);
  }
  return 'unknown';
}
