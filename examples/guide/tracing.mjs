// Guide, "Tracing": a span for each call, with the guide's attributes as OpenTelemetry names them, and its recorded error.
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { errorServerInterceptor } from 'grpc-js-middleware/errors';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { connect, serve } from './product-service.mjs';

const exporter = new InMemorySpanExporter();
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

const { address, close } = await serve(
  {
    async getProduct({ id }) {
      if (id === 7) throw new Error('The database is away');
      return { product: { id, name: 'Laptop' } };
    },
  },
  [
    // Exceptions are not recorded by default, since a message may hold what must not leave the process.
    tracingServerInterceptor({ tracerProvider, recordExceptions: true }),
    errorServerInterceptor({ onUnknown: () => undefined }),
  ],
);
const client = connect(address);
for (const id of [1, 7]) await client.getProduct({ id }).catch(() => undefined);

for (const { name, status, events } of exporter.getFinishedSpans()) {
  console.log('Span:', name, SpanStatusCode[status.code]);
  for (const event of events) console.log(`  ${event.name}: ${event.attributes['exception.message']}`);
}
client.close();
close();
await tracerProvider.shutdown();
