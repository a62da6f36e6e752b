import { Server } from '@grpc/grpc-js';
import { App } from './plan/app.js';
import { handlersOf, type Handled } from './plan/handler.js';
import { clientInterceptors, serverInterceptors, type Log } from './plan/layers.js';
import { later } from './plan/later.js';
import { drawPlan, type Plan, type Range } from './plan/plan.js';
import { service } from './plan/service.js';
import { violations } from './checks.js';
import { keptOf, type Kept } from './reachable.js';
import { Network } from './world/channel.js';
import type { Choices } from './world/choices.js';
import type { Clock } from './world/clock.js';
import { Loop, turn } from './world/loop.js';

/** What a run came to. */
export interface Outcome {
  readonly plan: Plan;
  readonly history: readonly string[];
  readonly violations: readonly string[];
  /** What each part, the handler and the application saw, in the order in which it did. */
  readonly seen: readonly string[];
  /** What may be asked later whether it can still be reached. */
  readonly kept: Kept;
}

/** Everything that a check may look at, once nothing moves any more. */
export interface World {
  readonly plan: Plan;
  readonly app: App;
  readonly handled: readonly Handled[];
  readonly log: Log;
  readonly network: Network;
  readonly clock: Clock;
  readonly uncaught: readonly unknown[];
  /** Calls whose end was chosen, and which still had not ended long after. */
  readonly held: readonly string[];
}

/** How long a run goes on before what still runs is cancelled, and how long what was cancelled has to end. */
const [UNTIL_MS, LINGER_MS] = [600_000, 1_200_000];

/** What is thrown where no one listens. */
const uncaught: unknown[] = [];
let catching = false;

function catchAll(): void {
  if (catching) return;
  catching = true;
  process.on('uncaughtException', (error) => uncaught.push(error));
  process.on('unhandledRejection', (error) => uncaught.push(error));
  // The core warns the operator of hooks that throw, which these do on purpose.
  process.emitWarning = () => undefined;
}

/** One run: a plan, and an order of events, both out of the same choices. */
export async function simulate(clock: Clock, choices: Choices, range?: Range): Promise<Outcome> {
  return runPlan(clock, choices, drawPlan(choices, range));
}

/** One run of that plan, in an order of events that choices decide. */
export async function runPlan(clock: Clock, choices: Choices, plan: Plan): Promise<Outcome> {
  catchAll();
  uncaught.length = 0;
  clock.reset();
  const history: [number, string, string][] = [];
  const log: Log = { parts: [], limits: [], write: (who, what) => void history.push([clock.now, who, what]) };
  const world = await play(clock, choices, plan, log);
  const found = violations(world);
  return {
    plan,
    history: history.map(([at, who, what]) => `${at.toFixed(0).padStart(7)} ms  ${who}: ${what}`),
    violations: found,
    kept: keptOf(world),
    seen: history.map(([, who, what]) => `${who}: ${what}`),
  };
}

async function play(clock: Clock, choices: Choices, plan: Plan, log: Log): Promise<World> {
  const loop = new Loop(clock, choices);
  const handled: Handled[] = [];
  const server = new Server({
    'grpc.enable_channelz': 0,
    interceptors: serverInterceptors(plan.server.layers, log),
  });
  server.addService(
    service,
    handlersOf(plan, handled, (what) => log.write('handler', what)),
  );
  const network = new Network(loop, server, clientInterceptors(plan.client.layers, log));
  const app = new App(plan, network.client, (what) => log.write('application', what));
  arrange(plan, network, clock, log);
  app.start();
  await loop.run(UNTIL_MS);
  // What was not to end by itself is ended from outside.
  if (!app.ended) app.cancel();
  await loop.run(UNTIL_MS + LINGER_MS);
  const held = heldCalls(log, handled);
  for (const connection of network.connections) connection.drop();
  await loop.run(UNTIL_MS + 2 * LINGER_MS);
  if (!app.ended) app.cancel();
  await loop.run(Infinity);
  await turn();
  return { plan, app, handled, log, network, clock, uncaught: [...uncaught], held };
}

/** What happens on the network and to the clocks, whatever the call does. */
function arrange({ network: events, wallSteps }: Plan, network: Network, clock: Clock, log: Log): void {
  const at = (ms: number | undefined, what: string, run: () => void): void => {
    if (ms === undefined) return;
    const happen = (): void => {
      log.write('network', what);
      run();
    };
    if (ms === 0) later('at once', happen);
    else setTimeout(happen, ms);
  };
  at(events.dropsAt, 'the connection breaks', () => network.connection.drop());
  at(events.silentAt, 'nothing arrives any more', () => (network.connection.silent = true));
  at(events.blockedAt, 'the client takes no more data', () => (network.connection.blocked = true));
  at(events.opensAt, 'the client takes data again', () => network.connections.forEach((each) => each.unblock()));
  for (const { at: ms, by } of wallSteps) at(ms, `the wall clock steps by ${by} ms`, () => (clock.wallOffset += by));
}

/** Server parts that wait on, though the handler has long answered. */
function heldCalls(log: Log, handled: readonly Handled[]): string[] {
  // A hook may hold a call that its client has not given up.
  if (handled.length === 0 || !handled.every(({ answered }) => answered)) return [];
  const parts = log.parts.filter(({ side, ends }) => side === 'server' && ends.length === 0).map(({ name }) => name);
  const slots = log.limits.filter(({ running }) => running > 0).map(({ running }) => `a limit with ${running} running`);
  return [...parts, ...slots];
}
