import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import { onStatusChosen } from '../core/server/server-call.js';
import { optionsOf } from '../core/base/options.js';
import { reportHookFailure } from '../core/base/report-failure.js';
import { timeText } from '../core/base/time-text.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { checkListeners } from './checks.js';
import { announcer, type DecisionListeners } from './listeners.js';
import { DEFAULT_PRIORITY, HIGHEST, LOWEST } from './priorities.js';
import { Refusals, Refused } from './refusal.js';
import { Shedder } from './shedder.js';

/** Options of {@link loadSheddingServerInterceptor}. */
export interface LoadSheddingOptions extends DecisionListeners {
  /**
   * The delay of the event loop that calls may cause, in ms: how long whatever arrives waits for its turn. A call waits
   * about twice that under overload, before it is read and after.
   *
   * @default 10
   */
  readonly targetDelayMs?: number;
  /**
   * How important a call is: from 0, shed first, to 9, shed last. Other numbers are rounded and bounded to that; where it
   * throws, or answers no number, the call has the default.
   *
   * @default 5 for all
   * @example priority: (call) => (call.method.name === 'Checkout' ? 8 : 5)
   */
  readonly priority?: (call: ServerCallContext) => number;
  /**
   * Decides and reports, and refuses nothing. An overload that nobody relieves lasts longer, so more is reported than
   * would be refused.
   *
   * @default false
   */
  readonly dryRun?: boolean;
}

/** A load shedder: put it on the server, and read off how it is. */
export interface LoadShedding extends ServerInterceptor {
  /** Calls that may be at work at once; `Infinity` while there is no overload. */
  readonly limit: number;
  /** Calls at work. */
  readonly inFlight: number;
  /** The delay of the event loop as last measured, in ms. */
  readonly delayMs: number;
}

const OWNER = 'loadSheddingServerInterceptor';
const NAME = 'load-shedding';
const NAMES = ['targetDelayMs', 'priority', 'dryRun', 'onDecision', 'observer'] as const;

/**
 * When refused callers may come back, in ms: anew for each of them within this range, so that those who were refused
 * together do not return together.
 */
const [SOONEST_MS, LATEST_MS, STEP_MS] = [500, 1_500, 50];

/** A server that fails its health checks is taken for dead, and its load goes to others that have no room either. */
const NEVER_SHED = 'grpc.health.v1.Health';

/**
 * Refuses what the server cannot serve in time, at once and cheaply, with UNAVAILABLE, google.rpc `RetryInfo` and
 * `grpc-retry-pushback-ms` (gRFC A6): another server may have room. Who is refused first is the idea of DAGOR (WeChat).
 * How much it can serve is found from the delay of the event loop and the calls at work; there is nothing to configure
 * for a machine or a method. Health checks are never shed.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const server = new Server({ interceptors: [loadSheddingServerInterceptor()] });
 */
export function loadSheddingServerInterceptor(options: LoadSheddingOptions = {}): LoadShedding {
  if (isListed(arguments)) return uncalled('loadSheddingServerInterceptor', arguments);
  const check = optionsOf(OWNER, options, NAMES);
  checkListeners(check);
  const targetDelayMs = check.number('targetDelayMs', { min: 1, max: 60_000, fallback: 10 });
  const priorityOf = priorityFunction(check.optionalFunction('priority'));
  const dryRun = check.boolean('dryRun', false);
  const announce = announcer('load_shedding', NAME, options);
  const refusals = new Refusals(status.UNAVAILABLE, 'This server is overloaded, please retry later');
  const shedder = new Shedder(targetDelayMs);

  const interceptor = defineServerInterceptor(NAME, ({ kind, service }) => {
    if (service === NEVER_SHED) return undefined;
    const begin = (call: ServerCallContext): undefined => {
      if (kind === 'unary') atWork(shedder, call);
      else shedder.beginStream();
    };
    return (call) => {
      if (shedder.decide(priorityOf(call))) {
        announce?.(call, 'admitted', 0);
        return begin(call);
      }
      const delayMs = comeBackIn();
      announce?.(call, dryRun ? 'would_refuse' : 'refused', delayMs);
      return dryRun ? begin(call) : new Refused(refusals.after(delayMs));
    };
  });
  const text = `when the event loop is over ${timeText(targetDelayMs)} late${dryRun ? ', dry run' : ''}`;
  return Object.defineProperties(
    explained(
      interceptor,
      () => text,
      ({ service }) => service !== NEVER_SHED,
    ),
    {
      limit: { get: () => shedder.limit },
      inFlight: { get: () => shedder.inFlight },
      delayMs: { get: () => shedder.delayMs },
    },
  ) as LoadShedding;
}

/** A call at work: until its status is chosen, since what follows is the network's time and not the server's. */
function atWork(shedder: Shedder, call: ServerCallContext): void {
  shedder.begin();
  onStatusChosen(call, () => shedder.end());
}

function comeBackIn(): number {
  return SOONEST_MS + STEP_MS * Math.floor((Math.random() * (LATEST_MS - SOONEST_MS)) / STEP_MS);
}

/** The application's priority, as a whole number from 0 to 9. */
function priorityFunction(priority: LoadSheddingOptions['priority']): (call: ServerCallContext) => number {
  if (priority === undefined) return () => DEFAULT_PRIORITY;
  return (call) => {
    try {
      const value = priority(call);
      if (typeof value === 'number' && !Number.isNaN(value)) {
        return Math.min(Math.max(Math.round(value), LOWEST), HIGHEST);
      }
      reportHookFailure(NAME, 'priority', new TypeError(`priority answered ${String(value)} instead of a number`));
    } catch (error) {
      reportHookFailure(NAME, 'priority', error);
    }
    return DEFAULT_PRIORITY;
  };
}
