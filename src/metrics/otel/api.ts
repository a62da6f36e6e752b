// The part of @opentelemetry/api that is used, by its shape: types of an optional package would break the builds of
// those who do without it.

/** Names and values of attributes. */
export type Attributes = Readonly<Record<string, string | number>>;

/** What an instrument is made of. */
export interface InstrumentOptions {
  /** What it measures. */
  readonly description: string;
  /** In which unit, by UCUM: `s`, `{call}`. */
  readonly unit: string;
  /** The bucket boundaries that suit it. Absent: the SDK chooses. */
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** An OpenTelemetry `MeterProvider`. */
export interface MeterProviderLike {
  /** The meter of an instrumentation scope. */
  getMeter(name: string, version?: string): MeterLike;
}

/** An OpenTelemetry `Meter`. */
export interface MeterLike {
  /** Makes a counter. */
  createCounter(name: string, options: InstrumentOptions): { add(value: number, attributes: Attributes): void };
  /** Makes a histogram. */
  createHistogram(name: string, options: InstrumentOptions): { record(value: number, attributes: Attributes): void };
}
