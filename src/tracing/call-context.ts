import { ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api';

type Entry = readonly [key: symbol, value: unknown];

const NONE: readonly Entry[] = [];

/**
 * An OpenTelemetry context for one call: a few values over another context. The API's own makes a Map and three functions
 * for every value, and V8 keeps those until its next major collection: 1.3 µs and 0.6 KB of each traced call.
 */
export class CallContext implements Context {
  /** The root context, for the values of a call to be set on. */
  static readonly root = new CallContext(ROOT_CONTEXT, NONE);

  private constructor(
    private readonly outer: Context,
    private readonly entries: readonly Entry[],
  ) {}

  /** A context like the one given, to set values on. */
  static over(outer: Context): CallContext {
    if (outer === ROOT_CONTEXT) return CallContext.root;
    return outer instanceof CallContext ? outer : new CallContext(outer, NONE);
  }

  getValue(key: symbol): unknown {
    for (const entry of this.entries) if (entry[0] === key) return entry[1];
    return this.outer.getValue(key);
  }

  setValue(key: symbol, value: unknown): CallContext {
    const others = this.entries.filter((entry) => entry[0] !== key);
    return new CallContext(this.outer, [...others, [key, value]]);
  }

  deleteValue(key: symbol): CallContext {
    return this.setValue(key, undefined);
  }
}

/** The context in which this span is the active one. */
export function contextWithSpan(parent: Context, span: Span): Context {
  return trace.setSpan(CallContext.over(parent), span);
}
