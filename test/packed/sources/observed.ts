// The three observers with the packages that they are for.
import assert from 'node:assert/strict';
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor, metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { EchoRequest, startTestServer } from 'grpc-js-middleware/testing';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';

export async function main(): Promise<void> {
  const register = new Registry();
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const { client, close } = await startTestServer({
    interceptors: [
      tracingServerInterceptor({ tracerProvider: trace.getTracerProvider() }),
      metricsServerInterceptor({ register }),
      loggingServerInterceptor({ logger }),
    ],
    clientInterceptors: [tracingClientInterceptor(), metricsClientInterceptor({ register })],
  });
  assert.equal((await client.echo(EchoRequest.create({ text: 'a' }))).text, 'a');
  await close();
  assert.match(await register.metrics(), /grpc_server_handled_total\{.*grpc_method="Echo",grpc_code="OK"\} 1/);
  assert.match(await register.metrics(), /grpc_client_handled_total\{.*grpc_method="Echo",grpc_code="OK"\} 1/);
  assert.equal(lines.length, 1);
}
