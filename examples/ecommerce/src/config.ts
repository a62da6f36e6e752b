import { parseArgs } from 'node:util';
import { ORDER_TTL_MS } from './services/orders/expiry.js';

/** How the shop was asked to run. */
export interface Config {
  /** End after the journey. */
  readonly once: boolean;
  /** Keep nothing on disk. */
  readonly memory: boolean;
  /** Every replica a process of its own; needs `databaseUrl`. */
  readonly processes: boolean;
  /** How many of them take orders. */
  readonly orderProcesses: number;
  /** Serve and call with mTLS. */
  readonly tls: boolean;
  /** The log on the terminal instead of in a file. */
  readonly log: boolean;
  /** After the journey, the trace of its order as a tree. */
  readonly trace: boolean;
  readonly databaseUrl: string | undefined;
  readonly portOffset: number;
  /** How long an order may wait for its payment. */
  readonly orderTtlMs: number;
}

export const USAGE = `npm start -- [--once] [--memory] [--processes [--order-processes 3]] [--tls] [--log] [--trace]

  --once       end after the customer journey; exit status 0 only if every step did what it should
  --memory     keep nothing on disk
  --processes  every replica in a process of its own (needs DATABASE_URL)
  --order-processes 3
               so many of them take orders
  --tls        make development certificates, and use mTLS everywhere
  --log        the log on the terminal instead of in .data/shop.log
  --trace      after the journey, the trace of its order as a tree

  DATABASE_URL=postgres://…   run on PostgreSQL instead of PGlite
  SHOP_PORT_OFFSET=100        move all ports
  ORDER_TTL=30m               orders that are not paid by then are cancelled: 90s, 30m, 2h`;

/**
 * The configuration from arguments and environment.
 *
 * @throws Error with a sentence for people when they do not fit together.
 */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const { 'order-processes': count, ...flags } = parse(args);
  const orderProcesses = readOrderProcesses(count);
  const databaseUrl = env['DATABASE_URL'] || undefined;
  if (flags.processes && databaseUrl === undefined) {
    throw new Error('--processes needs DATABASE_URL: the embedded database serves one process only.');
  }
  if (orderProcesses > 1 && !flags.processes) {
    throw new Error('--order-processes needs --processes: otherwise all services share one process.');
  }
  if (flags.memory && databaseUrl !== undefined) {
    throw new Error('--memory and DATABASE_URL exclude each other: which database is it to be?');
  }
  return { ...flags, orderProcesses, databaseUrl, portOffset: readPortOffset(env), orderTtlMs: readOrderTtl(env) };
}

function parse(args: readonly string[]) {
  const off = { type: 'boolean', default: false } as const;
  const options = { once: off, memory: off, processes: off, tls: off, log: off, trace: off, ...ORDER_PROCESSES };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [what] = (error as Error).message.split('. ');
    throw new Error(`${what!.replace(/\.$/, '')}.\n\n${USAGE}`, { cause: error });
  }
}

/** Of everybody who has to know how many order processes there are. */
export const ORDER_PROCESSES = { 'order-processes': { type: 'string', default: '1' } } as const;

export function readOrderProcesses(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 5) return count;
  throw new Error(`--order-processes must be a whole number from 1 to 5, not ${text}.`);
}

/** From ORDER_TTL: a number with `ms`, `s`, `m` or `h`; without a unit, seconds. */
export function readOrderTtl(env: NodeJS.ProcessEnv): number {
  const text = env['ORDER_TTL'];
  if (!text) return ORDER_TTL_MS;
  const [, count, unit = 's'] = /^(\d+)\s*(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = Number(count) * MS[unit as keyof typeof MS];
  if (ms >= 1 && ms <= MAX_ORDER_TTL_MS) return ms;
  throw new Error(`ORDER_TTL must be a time such as 90s, 30m or 2h, up to 720h, not ${text}.`);
}

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const MAX_ORDER_TTL_MS = 720 * MS.h;

/** From SHOP_PORT_OFFSET. */
export function readPortOffset(env: NodeJS.ProcessEnv): number {
  const text = env['SHOP_PORT_OFFSET'] || '0';
  const offset = Number(text);
  if (Number.isInteger(offset) && offset >= -9_000 && offset <= 15_000) return offset;
  throw new Error(`SHOP_PORT_OFFSET must be a whole number from -9000 to 15000, not ${text}.`);
}
