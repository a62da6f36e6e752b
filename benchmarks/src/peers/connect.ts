// connect-node, serving gRPC over HTTP/2, with the same five as its interceptors.
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf';
import {
  DescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { serverMetrics, verify } from './work.js';

const PACKAGE = 'grpc_js_middleware.testing.v1';
const { STRING, INT32, BYTES } = FieldDescriptorProto_Type;

/** The Echo service as protobuf-es knows it. */
function echoService(): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: 'echo.proto',
    package: PACKAGE,
    syntax: 'proto3',
    messageType: [
      message('EchoRequest', { text: STRING, count: INT32, payload: BYTES }),
      message('EchoResponse', { text: STRING, count: INT32, payload: BYTES }),
    ],
    service: [
      {
        name: 'EchoService',
        method: [{ name: 'Echo', inputType: `.${PACKAGE}.EchoRequest`, outputType: `.${PACKAGE}.EchoResponse` }],
      },
    ],
  });
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService(`${PACKAGE}.EchoService`)!;
}

function message(name: string, fields: Record<string, FieldDescriptorProto_Type>): DescriptorProto {
  const field = Object.entries(fields).map(([name, type], index) =>
    create(FieldDescriptorProtoSchema, {
      name,
      jsonName: name,
      type,
      number: index + 1,
      label: FieldDescriptorProto_Label.OPTIONAL,
    }),
  );
  return create(DescriptorProtoSchema, { name, field });
}

interface Echo {
  readonly text: string;
  readonly payload: Uint8Array;
}

function serve(interceptors: Interceptor[]): Promise<number> {
  const handler = connectNodeAdapter({
    routes: (router) =>
      void router.service(echoService(), {
        echo: ({ text, payload }: Echo) => Promise.resolve({ text, payload, count: 1 }),
      } as object),
    interceptors,
  });
  const server = createServer(handler);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export const bareConnectServer = (): Promise<number> => serve([]);

export function connectServer(): Promise<number> {
  registerSdk();
  // The last of its list is the outermost.
  return serve([authentication, errors, logging(), metrics(), tracing()]);
}

const authentication: Interceptor = (next) => async (request) => {
  try {
    await verify(request.header.get('authorization') ?? undefined);
  } catch {
    throw new ConnectError('invalid token', Code.Unauthenticated);
  }
  return next(request);
};

const errors: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    throw error instanceof ConnectError ? error : new ConnectError('Internal error', Code.Internal);
  }
};

const codeOf = (error: unknown): string => Code[ConnectError.from(error).code];

function logging(): Interceptor {
  const logger = countingLogger();
  return (next) => async (request) => {
    const from = performance.now();
    let code = 'OK';
    try {
      return await next(request);
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      logger.info({ method: request.url, code, durationMs: performance.now() - from }, 'call finished');
    }
  };
}

function metrics(): Interceptor {
  const { started, received, sent, handled, seconds } = serverMetrics();
  return (next) => async (request) => {
    const labels = { grpc_type: 'unary', grpc_service: request.service.typeName, grpc_method: request.method.name };
    const stop = seconds.startTimer(labels);
    started.inc(labels);
    received.inc(labels);
    let grpc_code = 'OK';
    try {
      const response = await next(request);
      sent.inc(labels);
      return response;
    } catch (error) {
      grpc_code = codeOf(error);
      throw error;
    } finally {
      handled.inc({ ...labels, grpc_code });
      stop();
    }
  };
}

function tracing(): Interceptor {
  const tracer = trace.getTracer('obvious');
  const getter = {
    keys: (header: Headers) => [...header.keys()],
    get: (header: Headers, key: string) => header.get(key) ?? undefined,
  };
  return (next) => async (request) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.header, getter);
    const attributes = {
      'rpc.system': 'grpc',
      'rpc.service': request.service.typeName,
      'rpc.method': request.method.name,
    };
    const name = `${request.service.typeName}/${request.method.name}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    try {
      return await context.with(trace.setSpan(parent, span), () => next(request));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}
