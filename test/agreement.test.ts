// Logging, metrics and tracing are three observers of one event: whatever a thousand calls of all kinds come to, they
// and the client tell the same story, and the two sides differ only where they truly differ.
import { Metadata, ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { context } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';
import {
  defineServerInterceptor,
  errorServerInterceptor,
  implement,
  StatusError,
  type ServerCallContext,
} from 'grpc-js-middleware';
import { loggingClientInterceptor, loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor, metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { expect, test } from 'vitest';
import { camelCaseCode } from '../src/core/status/code-names.js';
import { EchoServiceService, type EchoServiceClient } from '../src/gen/grpc_js_middleware/testing/v1/echo.js';
import { echoCall, kinds } from './support/echo-call.js';
import { echoServer } from './support/echo-server.js';
import { killableProxy, type KillableProxy } from './support/killable-proxy.js';
import { until } from './support/until.js';

const CALLS = 1_000;
const fates = [
  'answer',
  'answer',
  'statusError',
  'throw',
  'refuse',
  'cancel',
  'deadline',
  'oversize',
  'unserialisable',
] as const;
type Fate = (typeof fates)[number] | 'killed';

/**
 * What each fate may look like on the two sides, client first. Where they differ: a client that cancels, or whose
 * deadline passes, may do so before the server knows of the call, or while its answer is on the way; a lost connection is
 * UNAVAILABLE (or INTERNAL, when the reset comes within a frame) here and CANCELLED there.
 */
const allowed: Record<Fate, readonly string[]> = {
  answer: ['OK OK'],
  statusError: ['NotFound NotFound'],
  throw: ['Internal Internal'],
  refuse: ['PermissionDenied PermissionDenied'],
  oversize: ['ResourceExhausted ResourceExhausted'],
  unserialisable: ['Internal Internal'],
  cancel: ['Canceled Canceled', 'Canceled unseen', 'Canceled OK'],
  deadline: ['DeadlineExceeded DeadlineExceeded', 'DeadlineExceeded Canceled', 'DeadlineExceeded unseen'],
  killed: ['Unavailable Canceled', 'Internal Canceled', 'Unavailable unseen', 'Internal unseen', 'Canceled Canceled'],
};

/** Lines as a pino-shaped logger gets them. */
class Lines {
  readonly lines: Record<string, unknown>[] = [];
  private readonly take = (fields: object): void => void this.lines.push(fields as Record<string, unknown>);
  readonly debug = this.take;
  readonly info = this.take;
  readonly warn = this.take;
  readonly error = this.take;
}

/** What one side's three observers saw. */
class Side {
  readonly logger = new Lines();
  readonly register = new Registry();
  readonly exporter = new InMemorySpanExporter();
  readonly tracing = {
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.exporter)] }),
    propagator: new W3CTraceContextPropagator(),
  };

  constructor(private readonly name: 'server' | 'client') {}

  /** How many calls ended with each code, by the log. */
  logged(): Record<string, number> {
    return counts(this.logger.lines.map((line) => String(line['grpc.code'])));
  }

  /** By the spans. */
  traced(): Record<string, number> {
    const codes = this.exporter
      .getFinishedSpans()
      .map((span) => span.attributes['rpc.status_code'] as keyof typeof status);
    return counts(codes.map((code) => camelCaseCode(status[code])));
  }

  /** By the metrics. */
  async counted(): Promise<Record<string, number>> {
    const values = await this.values(`grpc_${this.name}_handled_total`);
    const codes: Record<string, number> = {};
    for (const { labels, value } of values) {
      if (value > 0) codes[String(labels['grpc_code'])] = (codes[String(labels['grpc_code'])] ?? 0) + value;
    }
    return codes;
  }

  async total(metric: string): Promise<number> {
    return (await this.values(`grpc_${this.name}_${metric}`)).reduce((sum, { value }) => sum + value, 0);
  }

  /** The code of each call, by the id that the client gave it. */
  byCall(): Map<string, string> {
    return new Map(this.logger.lines.map((line) => [String(line['call']), String(line['grpc.code'])]));
  }

  private async values(name: string): Promise<{ labels: Record<string, unknown>; value: number }[]> {
    const metrics = (await this.register.getMetricsAsJSON()) as unknown as { name: string; values: never[] }[];
    const found = metrics.find((metric) => metric.name === name);
    expect(found, name).toBeDefined();
    return found!.values;
  }
}

test('a thousand calls: the client, the log, the metrics and the spans agree', { timeout: 120_000 }, async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const [onServer, onClient] = [new Side('server'), new Side('client')];
  const callId = ({ metadata }: { metadata: Metadata }) => ({ call: metadata.get('x-call')[0] });
  const refuse = defineServerInterceptor('refuse', () => (call) => ({
    admit() {
      if (fateOf(call) === 'refuse') throw new StatusError(status.PERMISSION_DENIED, 'no');
    },
  }));
  const foreign: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call);
  const server = await echoServer(
    [
      tracingServerInterceptor(onServer.tracing),
      metricsServerInterceptor({ register: onServer.register, methods: [EchoServiceService] }),
      foreign,
      loggingServerInterceptor({ logger: onServer.logger, fields: callId }),
      errorServerInterceptor(),
      refuse,
    ],
    implement(EchoServiceService, handlers),
    { 'grpc.max_receive_message_length': 2_000 },
  );
  const proxy = await killableProxy(server.port);
  const interceptors = [
    tracingClientInterceptor(onClient.tracing),
    metricsClientInterceptor({ register: onClient.register }),
    loggingClientInterceptor({ logger: onClient.logger, fields: callId }),
  ];
  const client = server.connect({ interceptors });
  const fragile = server.connect({ interceptors }, proxy.address);

  const seen: string[] = [];
  const pairs = new Map<string, Fate>();
  for (let from = 0; from < CALLS; from += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => from + index);
    await Promise.all(batch.map((number) => oneCall(number, client, fragile, proxy, seen, pairs)));
  }
  // A refused, cancelled or cut call may still be on its way on the server.
  await until(() => onServer.exporter.getFinishedSpans().length === started(onServer));
  const inFlight = async (): Promise<number> =>
    (await onServer.total('in_flight')) + (await onClient.total('in_flight'));
  while ((await inFlight()) !== 0) await new Promise(setImmediate);

  // Each side agrees with itself, and the client's observers with what the application saw.
  expect(onClient.logged()).toEqual(counts(seen));
  expect(onClient.traced()).toEqual(counts(seen));
  expect(await onClient.counted()).toEqual(counts(seen));
  expect(await onClient.total('started_total')).toBe(CALLS);
  expect(onServer.traced()).toEqual(onServer.logged());
  expect(await onServer.counted()).toEqual(onServer.logged());
  expect(await onServer.total('started_total')).toBe(onServer.logger.lines.length);
  // And call by call the two sides agree, but for the table.
  const [ofClient, ofServer] = [onClient.byCall(), onServer.byCall()];
  const strange = [...pairs].filter(
    ([id, fate]) => !allowed[fate].includes(`${ofClient.get(id)} ${ofServer.get(id) ?? 'unseen'}`),
  );
  expect(strange.map(([id, fate]) => `${fate}: ${ofClient.get(id)} ${ofServer.get(id)}`)).toEqual([]);
  expect(onServer.logger.lines.length).toBeGreaterThan(CALLS * 0.7);
  server.close();
  await proxy.close();
});

function started(side: Side): number {
  return side.logger.lines.length;
}

async function oneCall(
  number: number,
  client: EchoServiceClient,
  fragile: EchoServiceClient,
  proxy: KillableProxy,
  seen: string[],
  pairs: Map<string, Fate>,
): Promise<void> {
  const kind = kinds[number % kinds.length]!;
  const fate: Fate = number % 100 === 99 ? 'killed' : fates[Math.floor(Math.random() * fates.length)]!;
  const metadata = new Metadata();
  metadata.set('x-call', String(number));
  metadata.set('x-fate', fate);
  pairs.set(String(number), fate);
  const call = echoCall(
    fate === 'killed' ? fragile : client,
    kind,
    [{ payload: Buffer.alloc(fate === 'oversize' ? 5_000 : 1) }],
    {
      metadata,
      keepOpen: fate === 'cancel' || fate === 'deadline' || fate === 'killed',
      ...(fate === 'deadline' ? { deadline: Date.now() + 30 } : {}),
    },
  );
  if (fate === 'cancel') setTimeout(call.cancel, Math.random() * 10);
  if (fate === 'killed') {
    // A connection that is cut before the call is on it would only be made again.
    await until(() => hanging.has(String(number)));
    proxy.kill();
  }
  seen.push(camelCaseCode((await call.seen).code));
}

const fateOf = (call: ServerCallContext): Fate => call.metadata.get('x-fate')[0] as Fate;

/** Calls whose handler has begun to wait for their end. */
const hanging = new Set<string>();

async function work(call: ServerCallContext) {
  const fate = fateOf(call);
  hanging.add(String(call.metadata.get('x-call')[0]));
  if (fate === 'cancel' || fate === 'deadline' || fate === 'killed') {
    await new Promise((_resolve, reject) => {
      const fail = (): void => reject(call.signal.reason as Error);
      if (call.signal.aborted) fail();
      else call.signal.addEventListener('abort', fail, { once: true });
    });
  }
  if (fate === 'statusError') throw new StatusError(status.NOT_FOUND, 'no such thing');
  if (fate === 'throw') throw new Error('secret');
  if (fate === 'unserialisable') return { text: 7 as never, count: Number.NaN, payload: null as never };
  return { text: 'hello', count: 1, payload: Buffer.alloc(1) };
}

const handlers = {
  echo: (_request: unknown, call: ServerCallContext) => work(call),
  async *serverEcho(_request: unknown, call: ServerCallContext) {
    yield await work(call);
  },
  async clientEcho(requests: AsyncIterable<unknown>, call: ServerCallContext) {
    for await (const _request of requests) break;
    return work(call);
  },
  async *bidiEcho(requests: AsyncIterable<unknown>, call: ServerCallContext) {
    for await (const _request of requests) {
      yield await work(call);
      break;
    }
  },
};

function counts(values: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of values) found[value] = (found[value] ?? 0) + 1;
  return found;
}
