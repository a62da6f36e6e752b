// The part of @opentelemetry/api that is used, by its shape: types of an optional package would break the builds of
// those who do without it.

/** Names and values of attributes. */
export type Attributes = Readonly<Record<string, string | number>>;

/** What an instrument is made of. */
export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** An OpenTelemetry `MeterProvider`. */
export interface MeterProviderLike {
  getMeter(name: string): MeterLike;
}

/** An OpenTelemetry `Meter`. */
export interface MeterLike {
  createCounter(name: string, options: InstrumentOptions): { add(value: number, attributes: Attributes): void };
  createHistogram(name: string, options: InstrumentOptions): { record(value: number, attributes: Attributes): void };
}
