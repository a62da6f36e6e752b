// Guide, "Metrics": grpc_requests_total and grpc_request_duration_seconds by method and status, as the guide names them.
// For a server of one's own, metricsServerInterceptor of /metrics counts more, under the names that dashboards know.
import { status } from '@grpc/grpc-js';
import { defineServerInterceptor } from 'grpc-js-middleware';
import { errorServerInterceptor } from 'grpc-js-middleware/errors';
import { Counter, Histogram, Registry } from 'prom-client';
import { connect, productHandlers, serve } from './product-service.mjs';

const register = new Registry();
const labelNames = ['method', 'status'];
const requests = new Counter({
  name: 'grpc_requests_total',
  help: 'Total number of gRPC requests',
  labelNames,
  registers: [register],
});
const duration = new Histogram({
  name: 'grpc_request_duration_seconds',
  help: 'Duration of gRPC requests',
  labelNames,
  registers: [register],
});

const metrics = defineServerInterceptor('guideMetrics', ({ path }) => () => ({
  onEnd({ code, durationMs }) {
    const labels = { method: path, status: code === status.OK ? 'success' : 'error' };
    requests.inc(labels);
    duration.observe(labels, durationMs / 1_000);
  },
}));

const { address, close } = await serve(productHandlers(), [metrics, errorServerInterceptor()]);
const client = connect(address);
for (const id of [1, 2, 7]) await client.getProduct({ id }).catch(() => undefined);

const lines = (await register.metrics()).split('\n');
for (const line of lines.filter((each) => /^grpc_requests_total|_count/.test(each))) console.log(line);
client.close();
close();
