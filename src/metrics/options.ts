import type { ServiceDefinition } from '@grpc/grpc-js';
import type { CallContext } from '../core/context.js';
import { isObject, optionError, optionsOf, type OptionChecker } from '../core/base/options.js';
import type { PrometheusRegistry } from './exposition.js';
import { DEFAULT_BUCKETS } from './histogram.js';
import type { LabelFunctions } from './labels.js';
import type { MeterProviderLike } from './otel/api.js';

/** Options of {@link metricsServerInterceptor} and {@link metricsClientInterceptor}. One of `register` and `meterProvider` is required; both may be given. */
export interface MetricsOptions<Call extends CallContext = CallContext> {
  /**
   * A prom-client `Registry` to put Prometheus metrics on.
   *
   * @default none, since the global one is nobody's
   */
  readonly register?: PrometheusRegistry;
  /**
   * An OpenTelemetry `MeterProvider` to record instruments with.
   *
   * @default none: never the global one by itself (gRFC A66)
   */
  readonly meterProvider?: MeterProviderLike;
  /**
   * For `register`: the names, types and labels of go-grpc-prometheus, or two metrics by method and outcome.
   *
   * @default 'grpc-prometheus'
   */
  readonly style?: 'grpc-prometheus' | 'compact';
  /**
   * For `register`: upper bounds of the histogram of durations, in seconds, or `false` for none.
   *
   * @default { buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] }
   */
  readonly histogram?: { readonly buckets?: readonly number[] } | false;
  /**
   * For `register`: links counts and durations to the trace of a call, as `traceID`, where a tracing interceptor stands
   * further out and keeps the trace. Needs a registry of OpenMetrics.
   *
   * @default false
   */
  readonly exemplars?: boolean;
  /**
   * Extra labels (attributes, with a `meterProvider`), declared up front: asked for once, when the call begins. A
   * function that throws gives `unknown`, none gives an empty value, and more than 128 characters give `other`.
   *
   * @default {}
   */
  readonly labels?: Readonly<Record<string, (call: Call) => string>>;
  /**
   * How many distinct combinations of the extra labels' values are kept: the rest is counted as `other`, since each is a
   * series of its own, of every metric and method, for as long as the process lives.
   *
   * @default 100
   */
  readonly maxLabelValues?: number;
  /**
   * For `register`: services whose series are there from the start, at zero, so that a first error is seen as an increase.
   *
   * @default []
   */
  readonly methods?: readonly ServiceDefinition[];
  /**
   * For `meterProvider`: the stable RPC conventions of OpenTelemetry, gRFC A66's instruments, or both.
   *
   * @default ['semconv']
   */
  readonly instruments?: readonly ('semconv' | 'a66')[];
}

/** The options, checked. */
export interface MetricsSettings {
  readonly owner: string;
  readonly register: PrometheusRegistry | undefined;
  readonly meterProvider: MeterProviderLike | undefined;
  readonly style: 'grpc-prometheus' | 'compact';
  readonly buckets: readonly number[] | undefined;
  readonly exemplars: boolean;
  readonly labels: LabelFunctions;
  readonly maxLabelValues: number;
  readonly methods: readonly ServiceDefinition[];
  readonly instruments: readonly ('semconv' | 'a66')[];
}

const NAMES = [
  'register',
  'meterProvider',
  'style',
  'histogram',
  'exemplars',
  'labels',
  'maxLabelValues',
  'methods',
  'instruments',
] as const;

/** @throws TypeError naming the option that is wrong. */
export function metricsSettings<Call extends CallContext>(owner: string, given: MetricsOptions<Call>): MetricsSettings {
  const options = given as MetricsOptions;
  const check = optionsOf(owner, options, NAMES);
  const { register, meterProvider } = options;
  if (register === undefined && meterProvider === undefined) {
    throw check.error('register', 'a prom-client Registry, unless a meterProvider is given', register);
  }
  if (register !== undefined) check.having('register', 'a prom-client Registry', 'registerMetric', 'getSingleMetric');
  if (meterProvider !== undefined) check.having('meterProvider', 'an OpenTelemetry MeterProvider', 'getMeter');
  return {
    owner,
    register,
    meterProvider,
    style: check.oneOf('style', ['grpc-prometheus', 'compact'], 'grpc-prometheus'),
    buckets: bucketsOf(owner, options.histogram),
    exemplars: exemplarsOf(check, options),
    labels: labelsOf(check, options),
    maxLabelValues: check.number('maxLabelValues', { min: 1, integer: true, fallback: 100 }),
    methods: methodsOf(check, options),
    instruments: instrumentsOf(check, options),
  };
}

/** Where the numbers go, for `describeServer` and `describeClient`. */
export function settingsText({ register, meterProvider, style, instruments }: MetricsSettings): string {
  const prometheus = register === undefined ? [] : [`prom-client (${style})`];
  const openTelemetry = meterProvider === undefined ? [] : [`OpenTelemetry (${instruments.join(', ')})`];
  return [...prometheus, ...openTelemetry].join(' and ');
}

type Check = OptionChecker<MetricsOptions>;

function bucketsOf(owner: string, histogram: MetricsOptions['histogram'] = {}): readonly number[] | undefined {
  if (histogram === false) return undefined;
  if (!isObject(histogram)) throw optionError(`${owner}: histogram`, 'false, or { buckets: … }', histogram);
  const check = optionsOf(`${owner}: histogram`, histogram, ['buckets']);
  const { buckets = DEFAULT_BUCKETS } = histogram;
  if (isAscending(buckets)) return [...buckets];
  throw check.error('buckets', 'a non-empty list of seconds in ascending order', buckets);
}

function isAscending(numbers: unknown): numbers is readonly number[] {
  if (!Array.isArray(numbers) || numbers.length === 0) return false;
  return (numbers as unknown[]).every(
    (bound, index, all) => Number.isFinite(bound) && (index === 0 || (bound as number) > (all[index - 1] as number)),
  );
}

function exemplarsOf(check: Check, { register }: MetricsOptions): boolean {
  const exemplars = check.boolean('exemplars', false);
  if (!exemplars || register?.contentType?.startsWith('application/openmetrics-text')) return exemplars;
  throw check.error('exemplars', 'false unless register is new Registry(Registry.OPENMETRICS_CONTENT_TYPE)', true);
}

/** Names that a metric has already, or that Prometheus keeps for itself. */
const RESERVED = ['grpc_type', 'grpc_service', 'grpc_method', 'grpc_code', 'method', 'status', 'le', 'quantile'];

function labelsOf(check: Check, { labels = {} }: MetricsOptions): LabelFunctions {
  if (!isObject(labels)) throw check.error('labels', 'an object of functions', labels);
  for (const [name, label] of Object.entries(labels)) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || RESERVED.includes(name)) {
      throw check.error('a name in labels', `of letters, digits and _, and not ${RESERVED.join(', ')}`, name);
    }
    if (typeof label !== 'function') throw check.error(`labels.${name}`, 'a function', label);
  }
  return labels;
}

function methodsOf(check: Check, { methods = [], register }: MetricsOptions): readonly ServiceDefinition[] {
  check.list('methods', 'a list of service definitions', isService, []);
  if (methods.length > 0 && register === undefined)
    throw check.error('methods', 'given together with register', methods);
  return methods;
}

const isService = (service: unknown): boolean => isObject(service) && Object.values(service).every(hasPath);

const hasPath = (method: unknown): boolean => typeof (method as { path?: unknown } | null)?.path === 'string';

function instrumentsOf(check: Check, { instruments, meterProvider }: MetricsOptions): MetricsSettings['instruments'] {
  if (instruments === undefined) return ['semconv'];
  const expected = "a non-empty list of 'semconv' and 'a66'";
  check.list('instruments', expected, (each) => each === 'semconv' || each === 'a66');
  if (instruments.length === 0) throw check.error('instruments', expected, instruments);
  if (meterProvider === undefined) throw check.error('instruments', 'given together with meterProvider', instruments);
  return instruments;
}
