import { status } from '@grpc/grpc-js';
import { StatusError, ValidationError, type Violation } from 'grpc-js-middleware';
import { Hono, type MiddlewareHandler } from 'hono';
import type { Replica } from '../../plan.js';
import { jsonOf } from '../body.js';
import type { Accident, Fault, Load } from '../contract.js';
import type { GatewayEnv } from '../env.js';
import type { Breakage } from './breakage.js';

export interface BreakOptions {
  readonly breakage: Breakage;
  readonly replicas: readonly Replica[];
  /** Every method that may be at fault. */
  readonly methods: ReadonlySet<string>;
  /** Whether the shop runs with its defaults: what else is broken might not be an example. */
  readonly breakable: boolean;
}

const ACCIDENTS: readonly string[] = ['stop', 'start', 'hang', 'resume'] satisfies Accident[];
const MAX_LATENCY_MS = 10_000;
const MAX_TIMES = 4;

/** Stopping and hanging replicas, faults of methods, and a load: for administrators. */
export function breakRoutes({ breakage, replicas, methods, breakable }: BreakOptions): Hono<GatewayEnv> {
  return new Hono<GatewayEnv>()
    .use(administrators(breakable))
    .post('/replicas/:name/:accident', async (context) => {
      const { name, accident } = context.req.param();
      if (!replicas.some((replica) => replica.name === name) || !ACCIDENTS.includes(accident))
        throw new StatusError(status.NOT_FOUND, 'There is no such replica, or it cannot have such an accident');
      await breakage.strike(name, accident as Accident);
      return context.json({});
    })
    .put('/faults', async (context) => {
      const { method, latencyMs, errorRate } = (await jsonOf(context)) as Partial<Fault>;
      assert(
        methods.has(String(method)) || { field: 'method', description: 'must be a method of the shop' },
        number('latencyMs', latencyMs, 0, MAX_LATENCY_MS),
        number('errorRate', errorRate, 0, 1),
      );
      await breakage.setFault({ method, latencyMs, errorRate } as Fault);
      return context.json({});
    })
    .delete('/faults', async (context) => {
      await breakage.clearFaults();
      return context.json({});
    })
    .put('/load', async (context) => {
      const { times } = (await jsonOf(context)) as Partial<Load>;
      assert(number('times', times, 1, MAX_TIMES));
      breakage.load.set(times!);
      return context.json({});
    })
    .delete('/load', (context) => {
      breakage.load.stop();
      return context.json({});
    });
}

function administrators(breakable: boolean): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    if (context.get('session')?.claims.role !== 'admin') throw forbidden('For administrators only');
    if (!breakable) throw forbidden('Only a shop that runs with its defaults may be broken');
    await next();
  };
}

function forbidden(text: string): StatusError {
  return new StatusError(status.PERMISSION_DENIED, text);
}

/** @throws ValidationError with everything that is wrong. */
function assert(...rules: readonly (true | Violation)[]): void {
  const violations = rules.filter((rule) => rule !== true);
  if (violations.length > 0) throw new ValidationError(violations);
}

function number(field: string, value: unknown, min: number, max: number): true | Violation {
  if (typeof value === 'number' && value >= min && value <= max) return true;
  return { field, description: `must be a number from ${min} to ${max}` };
}
