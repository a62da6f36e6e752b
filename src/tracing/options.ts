import type { TextMapPropagator, Tracer, TracerProvider } from '@opentelemetry/api';
import { propagation } from '@opentelemetry/api';
import { hasMethods, optionsOf, type OptionChecker } from '../core/base/options.js';
import { tracerSource } from './tracer-source.js';

/** Options of {@link tracingServerInterceptor} and {@link tracingClientInterceptor}. */
export interface TracingOptions {
  /**
   * Where spans go.
   *
   * @default the API's global provider, even when it is registered later
   */
  readonly tracerProvider?: TracerProvider;
  /**
   * How trace context travels in metadata. {@link GrpcTraceBinPropagator} speaks `grpc-trace-bin`.
   *
   * @default the API's global propagator, which an SDK sets to the W3C's `traceparent`, `tracestate` and `baggage`
   */
  readonly propagator?: TextMapPropagator;
  /**
   * Metadata keys to put on the span as `rpc.request.header.<key>`; on the client also `rpc.response.header.<key>` and
   * `rpc.response.trailer.<key>`. Values of `-bin` keys are in base64.
   *
   * @default [] since metadata may hold anything; credentials and cookies are refused
   */
  readonly captureMetadata?: readonly string[];
  /**
   * An event on the span for each message: `Inbound message`, `Outbound message`, with a `sequence-number` from 0
   * (gRFC A72).
   *
   * @default false since a long stream would fill its span with them
   */
  readonly messageEvents?: boolean;
  /**
   * Puts what was thrown on the span of a failed call as an `exception` event, with its message and stack.
   *
   * @default false since a message may hold what must not leave the process
   */
  readonly recordExceptions?: boolean;
}

/** Options as the interceptors use them. */
export interface TracingSettings {
  /** Undefined while nobody listens. */
  readonly tracer: () => Tracer | undefined;
  readonly propagator: TextMapPropagator;
  /** In lower case. */
  readonly capturedKeys: readonly string[];
  readonly messageEvents: boolean;
  readonly recordExceptions: boolean;
}

const NAMES = ['tracerProvider', 'propagator', 'captureMetadata', 'messageEvents', 'recordExceptions'] as const;

/** @throws TypeError for a wrong option. */
export function settingsOf(owner: string, options: TracingOptions): TracingSettings {
  const check = optionsOf(owner, options, NAMES);
  const { tracerProvider, propagator = propagation, captureMetadata = [] } = options;
  if (tracerProvider !== undefined) check.having('tracerProvider', 'a TracerProvider', 'getTracer');
  if (!hasMethods(propagator, 'inject', 'extract', 'fields')) {
    throw check.error('propagator', 'a TextMapPropagator', propagator);
  }
  return {
    tracer: tracerSource(tracerProvider),
    propagator,
    capturedKeys: capturedKeys(check, captureMetadata),
    messageEvents: check.boolean('messageEvents', false),
    recordExceptions: check.boolean('recordExceptions', false),
  };
}

function capturedKeys(check: OptionChecker<TracingOptions>, option: unknown): readonly string[] {
  if (!Array.isArray(option)) throw check.error('captureMetadata', 'a list of metadata keys', option);
  const keys = option.map((key: unknown, index) => {
    const name = `captureMetadata[${index}]`;
    if (!isKey(key)) throw check.error(name, 'a metadata key', key);
    if (isSecret(key)) throw check.error(name, 'a key whose values are no secrets', key);
    return key.toLowerCase();
  });
  return [...new Set(keys)];
}

const isKey = (key: unknown): key is string => typeof key === 'string' && /^[0-9a-z_.-]+$/i.test(key);

/** A bearer token in a trace is never right. */
const isSecret = (key: string): boolean => /^((proxy-)?authorization|(set-)?cookie)$/i.test(key);
