// Guide, "Advanced Client with Interceptors": logging, and three attempts with waits of one and two seconds.
import { status } from '@grpc/grpc-js';
import { defineClientInterceptor, StatusError } from 'grpc-js-middleware';
import { linearBackoff, retryClientInterceptor } from 'grpc-js-middleware/retry';
import { connect, serve } from './product-service.mjs';

let calls = 0;
const { address, close } = await serve({
  async getProduct({ id }) {
    if (++calls < 3) throw new StatusError(status.UNAVAILABLE, 'The database restarts');
    return { product: { id, name: 'Laptop' } };
  },
});

/** The guide's logging interceptor; /logging has one that writes JSON with pino. */
const logging = defineClientInterceptor('logging', ({ path }) => () => {
  console.log('RPC:', path);
  return { onEnd: ({ code }) => console.log('RPC:', path, status[code]) };
});

const retry = retryClientInterceptor({
  maxAttempts: 3,
  retryableStatusCodes: ['UNAVAILABLE'],
  backoff: linearBackoff({ stepMs: 1_000 }),
  onRetry: ({ delayMs }) => console.log(`Trying again in ${delayMs / 1_000} s`),
});

const client = connect(address, { interceptors: [logging, retry] });
console.log('Product:', (await client.getProduct({ id: 1 })).product.name);
client.close();
close();
