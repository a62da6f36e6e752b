import type { Metadata } from '@grpc/grpc-js';
import { defineServerInterceptor } from 'grpc-js-middleware';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { callMetadata } from '../features/token.js';
import type { Candidate } from './candidate.js';
import { drive, type Script } from './driver.js';
import { STREAM_LENGTH, clientStream, serverStream } from './scripts.js';

function streaming(
  name: string,
  budget: number | undefined,
  scriptOf: (metadata: Metadata) => Script,
  interceptors: () => readonly ServerInterceptor[],
): Candidate {
  return {
    name,
    ...(budget !== undefined && { budget }),
    operations: 200 * STREAM_LENGTH,
    perCall: STREAM_LENGTH,
    make: async () => {
      const script = scriptOf(await callMetadata());
      const list = interceptors();
      const calls = (messages: number): number => Math.ceil(messages / STREAM_LENGTH);
      return {
        without: (messages) => drive([], script, calls(messages)),
        with: (messages) => drive(list, script, calls(messages)),
      };
    },
  };
}

const empty = (): ServerInterceptor[] => [defineServerInterceptor('empty', () => () => ({}))];

function observers(): ServerInterceptor[] {
  registerSdk();
  return [
    tracingServerInterceptor(),
    metricsServerInterceptor({ register: new Registry() }),
    loggingServerInterceptor({ logger: countingLogger() }),
  ];
}

/** What is added to each message of a long stream. */
export const candidates: readonly Candidate[] = [
  streaming('response, one empty interceptor', 0.5, serverStream, empty),
  streaming('response, logging + metrics + sampled tracing', 0.5, serverStream, observers),
  streaming('request, one empty interceptor', 0.5, clientStream, empty),
  streaming('request, logging + metrics + sampled tracing', 0.5, clientStream, observers),
];
