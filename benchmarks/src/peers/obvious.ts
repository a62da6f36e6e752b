// The five usual interceptors written the obvious way, each a layer of its own, as tutorials show them.
import {
  ServerInterceptingCall,
  status,
  type Metadata,
  type ServerInterceptor,
  type ServerListener,
} from '@grpc/grpc-js';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { serverMetrics, verify } from './work.js';

export function obviousInterceptors(): ServerInterceptor[] {
  return [tracing(), metrics(), logging(), errors(), authentication()];
}

function tracing(): ServerInterceptor {
  registerSdk();
  const tracer = trace.getTracer('obvious');
  return (method, call) => {
    let end = (_code: status): void => undefined;
    let active = ROOT_CONTEXT;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, nextMetadata) {
            const parent = propagation.extract(ROOT_CONTEXT, metadata, getter);
            const [, service, name] = method.path.split('/');
            const attributes = { 'rpc.system': 'grpc', 'rpc.service': service!, 'rpc.method': name! };
            const span = tracer.startSpan(method.path.slice(1), { kind: SpanKind.SERVER, attributes }, parent);
            active = trace.setSpan(parent, span);
            end = (code) => {
              span.setAttribute('rpc.grpc.status_code', code);
              if (code !== status.OK) span.setStatus({ code: SpanStatusCode.ERROR });
              span.end();
            };
            context.with(active, () => nextMetadata(metadata));
          },
          onReceiveMessage: (message, nextMessage) => context.with(active, () => nextMessage(message)),
          onReceiveHalfClose: (nextHalfClose) => context.with(active, () => nextHalfClose()),
        }),
      sendStatus(outgoing, next) {
        end(outgoing.code);
        next(outgoing);
      },
    });
  };
}

const getter = {
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
  get: (metadata: Metadata, key: string) => metadata.get(key).map(String),
};

function metrics(): ServerInterceptor {
  const { started, received, sent, handled, seconds } = serverMetrics();
  return (method, call) => {
    const [, grpc_service, grpc_method] = method.path.split('/');
    const labels = { grpc_type: 'unary', grpc_service: grpc_service!, grpc_method: grpc_method! };
    const stop = seconds.startTimer(labels);
    started.inc(labels);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMessage(message, nextMessage) {
            received.inc(labels);
            nextMessage(message);
          },
        }),
      sendMessage(message, next) {
        sent.inc(labels);
        next(message);
      },
      sendStatus(outgoing, next) {
        handled.inc({ ...labels, grpc_code: status[outgoing.code] });
        stop();
        next(outgoing);
      },
    });
  };
}

function logging(): ServerInterceptor {
  const logger = countingLogger();
  return (method, call) => {
    const from = performance.now();
    return new ServerInterceptingCall(call, {
      sendStatus(outgoing, next) {
        logger.info(
          {
            method: method.path,
            code: status[outgoing.code],
            durationMs: performance.now() - from,
            peer: call.getPeer(),
            traceId: trace.getActiveSpan()?.spanContext().traceId,
          },
          'call finished',
        );
        next(outgoing);
      },
    });
  };
}

function errors(): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      sendStatus(outgoing, next) {
        if (outgoing.code === status.UNKNOWN) next({ ...outgoing, code: status.INTERNAL, details: 'Internal error' });
        else next(outgoing);
      },
    });
}

function authentication(): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        const listener: ServerListener = {
          onReceiveMetadata(metadata, nextMetadata) {
            verify(metadata.get('authorization')[0] as string | undefined).then(
              () => nextMetadata(metadata),
              () => call.sendStatus({ code: status.UNAUTHENTICATED, details: 'invalid token' }),
            );
          },
        };
        next(listener);
      },
    });
}
