// Guide, the chain of logging, metrics and tracing. The first listed is outermost, on servers and clients alike.
import { errorServerInterceptor } from 'grpc-js-middleware/errors';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { connect, productHandlers, serve } from './product-service.mjs';

const register = new Registry();
const lines = { write: (line) => console.log('Log:', JSON.parse(line)['grpc.method'], JSON.parse(line)['grpc.code']) };

const interceptors = [
  tracingServerInterceptor(), // outside logging, so that its lines can name the span
  loggingServerInterceptor({ logger: pino({}, lines) }),
  metricsServerInterceptor({ register }),
  errorServerInterceptor(),
];
const { address, close } = await serve(productHandlers(), interceptors);

const client = connect(address);
for (const id of [1, 7]) await client.getProduct({ id }).catch(() => undefined);
const handled = (await register.metrics())
  .split('\n')
  .filter((line) => /^grpc_server_handled_total.*[1-9]$/.test(line));
console.log('Counted:', handled.length, 'kinds of ends');
client.close();
close();
