import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { context as contexts, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { StatusError } from 'grpc-js-middleware';
import type { PromiseCallOptions } from 'grpc-js-middleware/promises';
import { Hono, type Context } from 'hono';
import { REPLICA } from '../server/replica.js';
import { jsonOf } from './body.js';
import { callErrorOf } from './call-error.js';
import { noting, type CallFacts } from './call-facts.js';
import { ATTEMPTS_HEADER, REPLICA_HEADER, TRACE_HEADER, type StreamLine } from './contract.js';
import type { GatewayEnv } from './env.js';
import type { Rpc } from './rpcs.js';

/** How long a stream may be silent before the browser is told that it is open. */
const OPEN_AFTER_MS = 200;

type GatewayContext = Context<GatewayEnv>;

/** `POST /<package.Service>/<Method>`: every RPC of the shop, called as whoever is signed in. */
export function rpcRoutes(rpcs: ReadonlyMap<string, Rpc>): Hono<GatewayEnv> {
  return new Hono<GatewayEnv>().post('/:service/:method', async (context) => {
    const name = `${context.req.param('service')}/${context.req.param('method')}`;
    const rpc = rpcs.get(name);
    if (rpc === undefined) throw new StatusError(status.UNIMPLEMENTED, `The shop has no RPC ${name}`);
    const call = new GatewayCall(context, name, await jsonOf(context));
    return rpc.streams ? call.stream(rpc) : call.ask(rpc);
  });
}

/** One call: the span that its trace begins with, and what the response says of it. */
class GatewayCall {
  private readonly facts: CallFacts = { replica: '', attempts: 0 };
  private readonly span: Span;

  constructor(
    private readonly context: GatewayContext,
    name: string,
    private readonly body: unknown,
  ) {
    this.span = trace.getTracer('shop-gateway').startSpan(`POST ${name}`, { kind: SpanKind.SERVER });
    context.header(TRACE_HEADER, this.span.spanContext().traceId);
  }

  /** One answer; a failure is told by the route's error handler. */
  async ask(rpc: Extract<Rpc, { streams: false }>): Promise<Response> {
    try {
      const answer = await this.within(() => rpc.call(this.body, this.options));
      this.span.end();
      this.tellFacts();
      return this.context.json(answer as object);
    } catch (error) {
      this.tellFacts();
      throw this.failed(error);
    }
  }

  /** A line of JSON for each message. What fails before the first one is told as if it were no stream. */
  async stream(rpc: Extract<Rpc, { streams: true }>): Promise<Response> {
    try {
      const messages = this.within(() => rpc.call(this.body, this.options));
      const first = messages.next();
      await Promise.race([first, delay(OPEN_AFTER_MS)]);
      return this.context.body(ReadableStream.from(this.lines(first, messages)), 200, {
        'content-type': 'application/x-ndjson',
      });
    } catch (error) {
      this.tellFacts();
      throw this.failed(error);
    }
  }

  private async *lines<T>(
    first: Promise<IteratorResult<T, void>>,
    messages: AsyncGenerator<T>,
  ): AsyncGenerator<Uint8Array> {
    try {
      for (let next = await first; next.done !== true; next = await messages.next())
        yield lineOf({ message: next.value });
      this.span.end();
      yield lineOf({ end: this.facts });
    } catch (error) {
      yield lineOf({ error: callErrorOf(this.failed(error)) });
    } finally {
      await messages.return(undefined);
    }
  }

  /** The person's own token, and the end of the call when the browser hangs up. */
  private get options(): PromiseCallOptions {
    const { req } = this.context;
    const metadata = new Metadata();
    const session = this.context.get('session');
    if (session !== undefined) metadata.set('authorization', `Bearer ${session.token}`);
    const key = req.header('idempotency-key');
    if (key !== undefined) metadata.set('idempotency-key', key);
    const onTrailers = (trailers: Metadata) => (this.facts.replica = String(trailers.get(REPLICA)[0] ?? ''));
    return { metadata, signal: req.raw.signal, onTrailers };
  }

  private within<T>(begin: () => T): T {
    return contexts.with(trace.setSpan(contexts.active(), this.span), () => noting(this.facts, begin));
  }

  private failed(error: unknown): StatusError {
    this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
    return StatusError.from(error);
  }

  /** In the headers, as long as they have not been sent. */
  private tellFacts(): void {
    const { replica, attempts } = this.facts;
    if (attempts === 0) return; // refused here
    this.context.header(REPLICA_HEADER, replica);
    this.context.header(ATTEMPTS_HEADER, String(attempts));
  }
}

const encoder = new TextEncoder();

function lineOf(line: StreamLine): Uint8Array {
  return encoder.encode(`${JSON.stringify(line)}\n`);
}
