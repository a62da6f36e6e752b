/** The part of a prom-client `Registry` that is used; prom-client itself is never imported. */
export interface PrometheusRegistry {
  /** Takes a metric in. */
  registerMetric(metric: object): void;
  /** The metric of this name, if it has one. */
  getSingleMetric(name: string): unknown;
  /** Its text, in the format of the content type. */
  metrics(): Promise<string>;
  /** Which format it writes: exemplars need that of OpenMetrics. */
  readonly contentType: string;
}

/** Names and values of labels. */
export type Labels = Readonly<Record<string, string | number>>;

/** An example of what was counted, for OpenMetrics. */
export interface Exemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

/** One line of an exposition. */
export interface Sample {
  /** When it is not the family's own, as for a histogram's buckets. */
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
  readonly exemplar?: Exemplar;
}

/** What a family is called and how it is read. */
export interface FamilyDescription {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /**
   * How prom-client's cluster mode joins the processes' values.
   *
   * @default 'sum'
   */
  readonly aggregator?: 'sum' | 'min' | 'max';
}

/**
 * A metric as prom-client's registry collects one. It holds no numbers: they are plain integers beside the calls that
 * they count, and are read when somebody scrapes. prom-client's own metrics build a string of all labels for each
 * increment, 1 µs each and six of them per call.
 */
export class Family {
  /** Not readonly: a registry of OpenMetrics takes `_total` off the name of a counter, and puts it on each line instead. */
  name: string;
  readonly help: string;
  readonly type: FamilyDescription['type'];
  readonly aggregator: NonNullable<FamilyDescription['aggregator']>;

  constructor(
    description: FamilyDescription,
    private readonly samples: () => Sample[],
    /** Sets the numbers to zero, for `registry.resetMetrics()`. */
    readonly reset: () => void,
  ) {
    this.name = description.name;
    this.help = description.help;
    this.type = description.type;
    this.aggregator = description.aggregator ?? 'sum';
  }

  /** What the registry asks for at each scrape. */
  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: this.samples() });
  }
}
