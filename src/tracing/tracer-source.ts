import { trace, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { VERSION } from '../core/base/version.js';
import { reportHookFailure } from '../core/base/report-failure.js';

/** The instrumentation scope that spans of ours carry. */
const SCOPE = 'grpc-js-middleware';

/** The API's global provider: a stand-in until an SDK is registered, which may be after our interceptors were made. */
type MaybeProxy = TracerProvider & { getDelegateTracer?(name: string, version?: string): Tracer | undefined };

/**
 * Answers the tracer to use for a call, or undefined while nobody listens: then a call costs a few property reads.
 *
 * @param given The application's own provider; else the API's global one, looked up anew since it may change.
 */
export function tracerSource(given?: TracerProvider): () => Tracer | undefined {
  let provider: TracerProvider | undefined;
  let tracer: Tracer | undefined;
  return () => {
    const current = given ?? trace.getTracerProvider();
    if (current !== provider) {
      provider = current;
      tracer = undefined;
    }
    return (tracer ??= tracerOf(current));
  };
}

function tracerOf(provider: MaybeProxy): Tracer | undefined {
  try {
    return provider.getDelegateTracer === undefined
      ? provider.getTracer(SCOPE, VERSION)
      : provider.getDelegateTracer(SCOPE, VERSION);
  } catch (error) {
    reportHookFailure('tracing', 'tracerProvider.getTracer', error);
    return undefined;
  }
}
