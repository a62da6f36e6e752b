import { setPriority } from 'node:os';
import { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { openClients, registerShop } from '../clients.js';
import { Issuer } from '../identity/issuer.js';
import { RETRY } from '../interceptors.js';
import { addressTable } from '../plan.js';
import type { FromLoad, ToLoad } from './messages.js';

// A load from a process of its own, by a customer of its own: so many calls a second whatever becomes of them (an open
// loop), for a minute at most. First it measures how many the shop answers as fast as they are asked, one after the other.
// Its client tries again what nobody served, as customers' do, within a budget that keeps a failure from becoming a storm;
// but it has no breaker, which would take the load back as soon as it hurts.

const SCHEME = 'load';
const CUSTOMER = { userId: 900_000, role: 'customer', name: 'Load' } as const;
const LASTS_MS = 60_000;
const REPORT_MS = 250;
const MEASURE_MS = 1_000;
/** So many ask at once while the capacity is measured. */
const ASKING = 16;
const TICK_MS = 10;
/** What was not offered in time is not made up for beyond that: a machine that is busy elsewhere would see a flood. */
const MAX_LATE_MS = 50;
const TIMEOUT_MS = 2_000;
/** What is not answered by then is not worth more memory. */
const MAX_WAITING = 2_000;
/** How many of the first products are asked for. */
const PRODUCTS = 20;

let times = 0;
let capacity = 0;
let waiting = 0;
let told = noCalls();

process.once('message', (first: ToLoad) => void begin(first));
process.on('message', (message: ToLoad) => (times = message.times));
process.on('disconnect', () => process.exit());
setTimeout(() => process.exit(), LASTS_MS);
setPriority(10); // the shop and the page come first

async function begin({ place, maxCapacity }: ToLoad): Promise<void> {
  registerShop(SCHEME, addressTable(place));
  const issuer = await Issuer.fromFile();
  const token = authClientInterceptor({ token: () => issuer.token(CUSTOMER), allowInsecure: true });
  const retry = retryClientInterceptor({ ...RETRY, throttling: { maxTokens: 100, tokenRatio: 0.1 } });
  const { products } = openClients({ scheme: SCHEME, interceptors: [retry, token] });
  const call = () => products.getProduct({ id: 1 + Math.floor(Math.random() * PRODUCTS) }, { timeoutMs: TIMEOUT_MS });
  setInterval(report, REPORT_MS);
  capacity = Math.min(maxCapacity, await measure(call));
  let last = performance.now();
  let owed = 0;
  setInterval(() => {
    const now = performance.now();
    owed += (times * capacity * Math.min(now - last, MAX_LATE_MS)) / 1_000;
    last = now;
    for (; owed >= 1; owed--) void offer(call);
  }, TICK_MS);
}

/** Calls a second that are answered. */
async function measure(call: () => Promise<unknown>): Promise<number> {
  await offer(call); // connects
  let answered = 0;
  const until = performance.now() + MEASURE_MS;
  const ask = async () => {
    for (; performance.now() < until; answered++) await offer(call);
  };
  await Promise.all(Array.from({ length: ASKING }, ask));
  return (answered * 1_000) / MEASURE_MS;
}

async function offer(call: () => Promise<unknown>): Promise<void> {
  if (waiting >= MAX_WAITING) return void told.failed++;
  waiting++;
  try {
    await call();
    told.succeeded++;
  } catch (error) {
    const { code } = StatusError.from(error);
    if (code === status.RESOURCE_EXHAUSTED || code === status.UNAVAILABLE) told.refused++;
    else told.failed++;
  } finally {
    waiting--;
  }
}

function report(): void {
  process.send?.({ callsPerSecond: Math.round(times * capacity), ...told } satisfies FromLoad);
  told = noCalls();
}

function noCalls() {
  return { succeeded: 0, refused: 0, failed: 0 };
}
