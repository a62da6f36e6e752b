import { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import { Hono } from 'hono';
import type { GatewayEnv } from '../env.js';
import type { Live } from './live.js';

/** `GET /`: snapshots as server-sent events; `GET /calls/<trace id>`: everything about one. */
export function liveRoutes(live: Live): Hono<GatewayEnv> {
  return new Hono<GatewayEnv>()
    .get('/', (context) =>
      context.body(ReadableStream.from(events(live)), 200, { 'content-type': 'text/event-stream' }),
    )
    .get('/calls/:traceId', async (context) => {
      const detail = await live.detail(context.req.param('traceId'));
      if (detail === undefined) throw new StatusError(status.NOT_FOUND, 'Nothing is remembered of this call');
      return context.json(detail);
    });
}

const encoder = new TextEncoder();

async function* events(live: Live): AsyncGenerator<Uint8Array> {
  for await (const snapshot of live.watch())
    yield encoder.encode(`event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
}
