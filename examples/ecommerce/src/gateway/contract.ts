import type { CallKind, ErrorDetail, StatusName } from 'grpc-js-middleware';
import type { Person } from '../identity/people.js';
import type { Accident } from '../process/messages.js';
import type { TestCard } from '../services/payments/test-cards.js';

// What the gateway and the page say to each other, as JSON over the shop's HTTP port. The page imports the types of this
// file and nothing else of the server.

// GET, POST and DELETE /api/session -------------------------------------------------------------------------------------

/** Whom one can sign in as without a password, since this is an example; and a card to pay with. */
export type { Person };
export type Card = Omit<TestCard, 'verdict'>;

/** The answer to all of `/api/session`. */
export interface SessionInfo {
  /** Who is signed in. */
  readonly me: Person | null;
  readonly people: readonly Person[];
  readonly cards: readonly Card[];
  /** Whether `/api/break` is there, for an administrator: only while `npm start` runs with its defaults. */
  readonly breakable: boolean;
}

/** The body of `POST /api/session`; the token comes as a cookie that scripts cannot read. */
export interface SignIn {
  readonly userId: number;
}

// POST /api/rpc/<package.Service>/<Method> ------------------------------------------------------------------------------

// Messages travel in protobuf's own JSON mapping: fields in camelCase, enums by their names in the proto
// (`ORDER_STATUS_PENDING`), timestamps in ISO 8601, 64-bit integers as strings, the member of a oneof that is set beside the
// other fields (`creditCard`). An answer has all its fields, those with the default value too, except messages that are
// not set. Client streams and bidi streams take an array of messages.

/** A message as it travels, of the type that the services know it by: `Json<Product>`. 64-bit integers are strings. */
export type Json<Message> = Message extends Date
  ? string
  : Message extends number
    ? number extends Message
      ? number
      : string // an enum
    : Message extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : Message extends object
        ? { readonly [Field in keyof Message]: Json<Message[Field]> }
        : Message;

/** Who answered a call: the name of the replica that sent the status. */
export const REPLICA_HEADER = 'x-shop-replica';

/** How many attempts a call took. */
export const ATTEMPTS_HEADER = 'x-shop-attempts';

/** The id of a call's trace, for `GET /api/live/calls/<trace id>`. */
export const TRACE_HEADER = 'x-shop-trace';

/** The body of every refusal of `/api`, whether a service or the gateway itself refused. */
export interface ErrorBody {
  readonly error: CallError;
}

/** The status of a call that failed. The HTTP status is the one that google.rpc.Code gives for `code`. */
export interface CallError {
  readonly code: StatusName;
  readonly message: string;
  /** Empty, or what a program can act on, as the library's union. */
  readonly details: readonly ErrorDetail[];
  /** Of a `BusinessError`: its name in the shop's catalogue, such as `INSUFFICIENT_STOCK`. */
  readonly reason?: string;
  /** Of a `ValidationError`: every wrong field, named as the proto names it: `items[0].product_id`. */
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
}

/** One line of a stream of responses (`application/x-ndjson`); the last one is `end` or `error`. */
export type StreamLine<Message = unknown> =
  { readonly message: Message } | { readonly end: StreamEnd } | { readonly error: CallError };

/** What is known of a stream when it has ended well: what the headers say of a call that is not one. */
export interface StreamEnd {
  readonly replica: string;
  readonly attempts: number;
}

// GET /api/live: server-sent events named `snapshot` --------------------------------------------------------------------

/** What happened since the snapshot before, and how things stand. */
export interface LiveSnapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How long ago the snapshot before was taken. */
  readonly intervalMs: number;
  readonly replicas: readonly ReplicaState[];
  readonly edges: readonly Edge[];
  /** Those that have been asked so far. */
  readonly breakers: readonly BreakerState[];
  /** The newest calls of the interval, newest last, at most {@link MAX_CALLS}. */
  readonly calls: readonly CallSummary[];
  /** How many calls of the interval are not listed. */
  readonly unseen: number;
  readonly faults: readonly Fault[];
  /** The load that is running, if one is. */
  readonly load: LoadState | null;
}

/** How many calls a snapshot lists at most. */
export const MAX_CALLS = 50;

export interface ReplicaState {
  /** `products-2` */
  readonly name: string;
  /** `products` */
  readonly server: string;
  readonly address: string;
  readonly health: 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';
  /** What was done to it on this page. */
  readonly accident: 'stopped' | 'hanging' | null;
  readonly inFlight: number;
  readonly callsPerSecond: number;
  /** From 0 to 1: the share that ended with a code that is the server's fault, or by which it protects itself. */
  readonly errorRate: number;
  readonly p99Ms: number;
  readonly limits: readonly LimitState[];
}

export interface LimitState {
  readonly kind: 'rate limit' | 'concurrency limit' | 'load shedding';
  /** In this interval. */
  readonly admitted: number;
  readonly refused: number;
}

/** Calls from one to another as the caller sees them, each attempt for itself. */
export interface Edge {
  /** `customer`, or the name of a server whose calls these are: `orders`. */
  readonly from: string;
  /** The replica that answered; the name of the server where nobody did. */
  readonly to: string;
  readonly callsPerSecond: number;
  /** From 0 to 1. */
  readonly errorRate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Attempts beyond the first of their call. */
  readonly retriesPerSecond: number;
}

export interface BreakerState {
  /** Whose client it is in: `customer`, or the name of a process of services. */
  readonly owner: string;
  /** What it guards: `ecommerce.OrderService`. */
  readonly service: string;
  readonly state: 'closed' | 'open' | 'half_open';
}

/** A call as its caller knew it, all attempts in one. */
export interface CallSummary {
  readonly id: string;
  readonly traceId: string;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** `ecommerce.ProductService/GetProduct` */
  readonly rpc: string;
  readonly kind: CallKind;
  readonly code: StatusName;
  readonly durationMs: number;
  /** As of an {@link Edge}. */
  readonly from: string;
  /** As `to` of an {@link Edge}. */
  readonly replica: string;
  readonly attempts: number;
  /** What the middleware did, in words: `retried after UNAVAILABLE`. */
  readonly note?: string;
}

// GET /api/live/calls/<trace id> ----------------------------------------------------------------------------------------

/** Everything that is remembered of a trace. Memory is bounded, and nothing is remembered while nobody looks. */
export interface CallDetail {
  /** By time of start. */
  readonly spans: readonly SpanDetail[];
  /** The lines of the log that name the trace, as they stand there. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Of the outermost call. */
  readonly status: CallError | { readonly code: 'OK' };
  /** What the call, and those that it led to, passed on its way to each handler. */
  readonly chain: readonly ChainLink[];
}

export interface SpanDetail {
  readonly id: string;
  /** Empty for the first. */
  readonly parentId: string;
  readonly name: string;
  /** `customer`, or the name of the replica. */
  readonly process: string;
  /** `CLIENT`, `SERVER` or `INTERNAL` */
  readonly kind: string;
  /** Since the start of the earliest. */
  readonly startMs: number;
  readonly durationMs: number;
  /** `ERROR` when it failed, `OK` or `UNSET` otherwise: OpenTelemetry's words. */
  readonly code: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One interceptor that a call passed, outermost first, and the time it spent there on the way in and on the way out. */
export interface ChainLink {
  readonly replica: string;
  /** The call's method, since a trace may visit a replica more than once. */
  readonly rpc: string;
  /** The last one of each call is `handler`. */
  readonly interceptor: string;
  /** What it does to calls of the method: its policy, bounds and limits. */
  readonly explanation?: string;
  readonly ms: number;
}

// /api/break: for administrators, on this machine, while `npm start` runs with its defaults ------------------------------

/** `POST /api/break/replicas/<name>/<accident>` */
export type { Accident };

/** `PUT /api/break/faults`: replaces the method's; `DELETE` ends all. */
export interface Fault {
  /** `ecommerce.ProductService/GetProduct` */
  readonly method: string;
  /** How much later than otherwise its handler hears of a call: 0 to 10,000. */
  readonly latencyMs: number;
  /** The share of calls that fail with UNAVAILABLE: 0 to 1. */
  readonly errorRate: number;
}

/** `PUT /api/break/load`: begins one, or changes it; it ends by itself after a minute. `DELETE` ends it. */
export interface Load {
  /** Of the capacity, 1 to 4: of what this machine answers, but no more than one customer may ask for. */
  readonly times: number;
}

export interface LoadState extends Load {
  /** What is offered, whatever becomes of it; 0 while the capacity is being measured, for a second or two. */
  readonly callsPerSecond: number;
  /** In this interval. */
  readonly succeeded: number;
  /** RESOURCE_EXHAUSTED and UNAVAILABLE: refused to protect the rest. */
  readonly refused: number;
  /** Anything else. */
  readonly failed: number;
}
