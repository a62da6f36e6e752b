import type { ServerInterceptor } from '@grpc/grpc-js';
import { defineServerInterceptor } from '../../core/define.js';
import { covering, type CoversMethods } from '../../core/describe/coverage.js';
import { explained } from '../../core/description.js';
import { namesIn } from '../../core/match.js';
import type { Method } from '../../core/method.js';
import { timeText } from '../../core/base/time-text.js';
import { isListed, uncalled } from '../../core/misplaced.js';
import { Coordinator } from './coordinator.js';
import { GuardedCall } from './guarded-call.js';
import { keyOf } from './key.js';
import { activeIdempotency, type IdempotencyServerOptions } from './options.js';
import { keyMissing } from './refusals.js';

/**
 * Runs a unary call once per `idempotency-key`, caller and method, however often it arrives: while it runs, duplicates wait
 * for its outcome, and afterwards they are answered with it. Listed after authentication.
 *
 * @throws TypeError on an impossible option.
 * @example idempotencyServerInterceptor({ methods: 'shop.OrderService/Create' })
 */
export function idempotencyServerInterceptor(options: IdempotencyServerOptions): ServerInterceptor & CoversMethods {
  if (isListed(arguments)) return uncalled('idempotencyServerInterceptor', arguments);
  const active = activeIdempotency('idempotencyServerInterceptor', options);
  const coordinator = new Coordinator(active);
  const interceptor = defineServerInterceptor('idempotency', (method) => {
    if (!active.matches(method)) return undefined;
    if (method.kind !== 'unary') {
      warnOfStream(method);
      return undefined;
    }
    return (call) => {
      const key = keyOf(call);
      if (key !== undefined) return new GuardedCall(coordinator, call, key, active.leaseMs);
      if (active.requireKey) throw keyMissing();
      return undefined;
    };
  });
  return covering(
    explained(
      interceptor,
      () => `replayed for ${timeText(active.ttlMs)}${active.requireKey ? ', key required' : ''}`,
      (method) => method.kind === 'unary' && active.matches(method),
      namesIn(options.methods, 'idempotencyServerInterceptor: methods'),
    ),
  );
}

function warnOfStream({ path }: Method): void {
  process.emitWarning(
    `idempotencyServerInterceptor: ${path} streams, and streams cannot be replayed: its keys have no effect`,
    { code: 'GRPC_JS_MIDDLEWARE_IDEMPOTENCY' },
  );
}
