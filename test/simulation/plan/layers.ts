import {
  InterceptingCall,
  ServerInterceptingCall,
  status,
  type Interceptor,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { CallContext, ServerCallContext } from '../../../src/core/context.js';
import { defineClientInterceptor, defineServerInterceptor } from '../../../src/core/define.js';
import type { CallEnd, ClientHooks, ServerHooks } from '../../../src/core/hooks.js';
import { StatusError } from '../../../src/core/status/status-error.js';
import {
  concurrencyLimitServerInterceptor,
  type ConcurrencyLimit,
} from '../../../src/overload/concurrency-limit-server-interceptor.js';
import { retryClientInterceptor } from '../../../src/retry/client-interceptor.js';
import { hedgingClientInterceptor } from '../../../src/retry/hedging-client-interceptor.js';
import { later } from './later.js';
import type { Answer, ClientLayer, ForeignPlan, OursPlan, RetryPlan, ServerLayer } from './plan.js';

/** A part of a call that began: an interceptor of ours that was asked for its hooks. */
export interface Part {
  readonly name: string;
  readonly side: 'client' | 'server';
  readonly ends: CallEnd[];
  /** Attempts of one call are told apart by their contexts. */
  readonly call: WeakRef<object>;
}

/** What a run writes down. */
export interface Log {
  readonly parts: Part[];
  readonly limits: ConcurrencyLimit[];
  write(who: string, what: string): void;
}

/** What an interceptor of the plan throws. */
export const refusal = (name: string): StatusError => new StatusError(status.PERMISSION_DENIED, `Refused by ${name}`);

export function clientInterceptors(layers: readonly ClientLayer[], log: Log): Interceptor[] {
  return layers.map((layer) => {
    if (layer.type === 'ours') return ourClient(layer, log);
    if (layer.type === 'foreign') return foreignClient(layer);
    return repeating(layer, log);
  });
}

export function serverInterceptors(layers: readonly ServerLayer[], log: Log): ServerInterceptor[] {
  return layers.map((layer) => {
    if (layer.type === 'ours') return ourServer(layer, log);
    if (layer.type === 'foreign') return foreignServer(layer);
    const limit = concurrencyLimitServerInterceptor({ max: 2, queue: 1, queueTimeoutMs: 30 });
    log.limits.push(limit);
    return limit;
  });
}

function ourClient(plan: OursPlan, log: Log): Interceptor {
  return defineClientInterceptor(plan.name, () => (call): ClientHooks => {
    const part = begin(plan, call, 'client', log);
    return {
      ...messageHooks(plan, log),
      ...(plan.onStatus && { onStatus: (given) => onStatus(plan, given, log) }),
      onEnd: (end) => onEnd(plan, part, end, log),
    };
  });
}

function ourServer(plan: OursPlan, log: Log): ServerInterceptor {
  return defineServerInterceptor(plan.name, () => (call): ServerHooks => {
    const part = begin(plan, call, 'server', log);
    if (plan.begins === 'ends the call') call.end(refusal(plan.name));
    if (plan.endsLater !== undefined) later(plan.endsLater, () => call.end(refusal(plan.name)));
    return {
      ...messageHooks(plan, log),
      ...(plan.scope && { scope: (run) => run() }),
      ...(plan.onStatus && { onStatus: (given) => onStatus(plan, given, log, call) }),
      onEnd: (end) => onEnd(plan, part, end, log),
    };
  });
}

function begin(plan: OursPlan, call: CallContext, side: Part['side'], log: Log): Part {
  const part: Part = { name: plan.name, side, ends: [], call: new WeakRef(call) };
  log.write(plan.name, `begins${plan.begins === 'well' ? '' : `: ${plan.begins}`}`);
  // One that throws here has no hooks, and no part.
  if (plan.begins === 'throws') throw refusal(plan.name);
  log.parts.push(part);
  if (plan.begins === 'limits to the past') call.limitDeadline(Date.now() - 1);
  if (plan.begins === 'limits to soon') call.limitDeadline(Date.now() + 20);
  return part;
}

function messageHooks(plan: OursPlan, log: Log): ClientHooks & ServerHooks {
  const hook =
    (name: string, answer: Answer) =>
    (message?: unknown): Promise<void> | undefined => {
      log.write(
        plan.name,
        `${name}${message === undefined ? '' : ` ${textOf(message)}`}: ${answer.how} ${answer.when}`,
      );
      return answered(answer, plan.name);
    };
  return {
    ...(plan.admit && { admit: hook('admit', plan.admit) }),
    ...(plan.onRequest && { onRequest: hook('onRequest', plan.onRequest) }),
    ...(plan.onResponse && { onResponse: hook('onResponse', plan.onResponse) }),
    ...(plan.onHeaders && { onHeaders: () => log.write(plan.name, 'onHeaders') }),
  };
}

function answered({ how, when }: Answer, name: string): Promise<void> | undefined {
  if (how === 'throws') throw refusal(name);
  if (how === 'never answers') return new Promise(() => undefined);
  if (how === 'passes' && when === 'at once') return undefined;
  return new Promise((resolve, reject) => later(when, () => (how === 'rejects' ? reject(refusal(name)) : resolve())));
}

type Status = Parameters<NonNullable<ClientHooks['onStatus']>>[0];

function onStatus(plan: OursPlan, given: Status, log: Log, call?: ServerCallContext): Status | undefined {
  log.write(plan.name, `onStatus ${status[given.code]}: ${plan.onStatus}`);
  if (plan.onStatus === 'throws') throw new Error('onStatus failed');
  if (plan.onStatus === 'ends the call') call?.end(refusal(plan.name));
  if (plan.onStatus !== 'replaces' || given.code === status.OK) return undefined;
  return { ...given, code: status.ABORTED, details: `Replaced by ${plan.name}` };
}

function onEnd(plan: OursPlan, part: Part, end: CallEnd, log: Log): void {
  part.ends.push(end);
  log.write(plan.name, `onEnd ${status[end.code]} (${end.origin}), ${end.received} received, ${end.sent} sent`);
  if (plan.endThrows) throw new Error('onEnd failed');
}

function repeating(plan: RetryPlan, log: Log): Interceptor {
  const told = (what: string) => (): void => log.write(plan.name, what);
  const throttling = plan.throttled ? { throttling: { maxTokens: 10, tokenRatio: 0.1 } } : {};
  if (plan.type === 'hedging') {
    const listeners = plan.listens ? { onHedge: told('onHedge'), onGiveUp: told('onGiveUp') } : {};
    return hedgingClientInterceptor({
      maxAttempts: plan.attempts,
      hedgingDelayMs: plan.delayMs,
      nonFatalStatusCodes: ['UNAVAILABLE'],
      ...throttling,
      ...listeners,
    });
  }
  const listeners = plan.listens ? { onRetry: told('onRetry'), onGiveUp: told('onGiveUp') } : {};
  return retryClientInterceptor({
    maxAttempts: plan.attempts,
    initialBackoffMs: plan.delayMs,
    maxBackoffMs: 4 * plan.delayMs,
    ...(plan.attemptTimeoutMs !== undefined && { perAttemptTimeoutMs: plan.attemptTimeoutMs }),
    ...throttling,
    ...listeners,
  });
}

function foreignClient({ way, name }: ForeignPlan): Interceptor {
  const bug = (): never => {
    throw new TypeError(`A bug of ${name}`);
  };
  return (options, nextCall) => {
    if (way === 'throws in nextCall') bug();
    return new InterceptingCall(nextCall(options), {
      ...(way === 'throws at start' && { start: bug }),
      ...(way === 'throws at a message' && { sendMessage: bug }),
    });
  };
}

function foreignServer({ way }: ForeignPlan): ServerInterceptor {
  return (_method, call) => {
    if (way === 'hands on') return new ServerInterceptingCall(call);
    return new Hasty(call);
  };
}

/** Says that a message is written before it is, as an interceptor that batches or compresses does. */
class Hasty extends ServerInterceptingCall {
  override sendMessage(message: unknown, callback: () => void): void {
    super.sendMessage(message, () => undefined);
    process.nextTick(callback);
  }
}

const textOf = (message: unknown): string => `message ${(message as { n?: number } | null)?.n ?? '?'}`;
