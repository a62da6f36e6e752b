import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { countWork } from './work.js';

/** OpenTelemetry's SDK as an application registers it: every span sampled, batched, and then thrown away. */
export function registerSdk(): void {
  let exported = 0;
  const exporter: SpanExporter = {
    export: (spans, done) => {
      exported += spans.length;
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  // Room enough that no span is dropped unpaid, however fast the calls follow each other.
  const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 65_536 });
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  countWork('spans', () => provider.forceFlush().then(() => exported));
}
