import { status } from '@grpc/grpc-js';
import type { ClientLayer } from './plan/plan.js';
import type { World } from './run.js';

/** What does not hold after a run, each as a sentence. */
export function violations(world: World): string[] {
  return [
    ...uncaughtErrors(world),
    ...endsOfParts(world),
    ...endOfApplication(world),
    ...agreement(world),
    ...messages(world),
    ...leftovers(world),
  ];
}

function uncaughtErrors({ uncaught }: World): string[] {
  return uncaught.map((error) => `uncaught: ${error instanceof Error ? error.message : String(error)}`);
}

/** Every part that began hears exactly one end. */
function endsOfParts({ log, held }: World): string[] {
  return [
    ...log.parts
      .filter(({ ends }) => ends.length !== 1)
      .map(({ name, ends }) => `${name} began and heard ${ends.length === 0 ? 'no end' : `${ends.length} ends`}`),
    ...held.map((what) => `held though the end was chosen long ago: ${what}`),
  ];
}

/** The application hears exactly one status, or is thrown an error at once. */
function endOfApplication({ app: { seen } }: World): string[] {
  const heard = seen.statuses.length + (seen.threw === undefined ? 0 : 1);
  return heard === 1 ? [] : [`the application was told ${heard} ends`];
}

/** The ends that interceptors hear are those that the other side, or the application, saw. */
function agreement({ plan, app: { seen }, log, network }: World): string[] {
  const found: string[] = [];
  const told = seen.statuses[0]?.code;
  const outermost = log.parts.filter(({ side, name }) => side === 'client' && isOutermost(plan.client.layers, name));
  for (const { name, ends } of outermost) {
    if (told !== undefined && ends.length === 1 && ends[0]!.code !== told)
      found.push(`${name} heard ${status[ends[0]!.code]}, the application ${status[told]}`);
  }
  return [...found, ...serverAgreement(log.parts, network)];
}

/** All layers up to `name` are ours: what it hears is what the application is told. */
function isOutermost(layers: readonly ClientLayer[], name: string): boolean {
  const at = layers.findIndex((layer) => layer.name === name);
  return layers.slice(0, at + 1).every(({ type }) => type === 'ours');
}

function serverAgreement(parts: World['log']['parts'], { streams }: World['network']): string[] {
  const byCall = new Map<object, typeof parts>();
  for (const part of parts) {
    const call = part.call.deref();
    if (part.side === 'server' && call !== undefined) byCall.set(call, [...(byCall.get(call) ?? []), part]);
  }
  // Calls reach the server in the order in which their streams were opened.
  const reached = streams.filter(({ other }) => other !== undefined);
  if (byCall.size !== reached.length) return [];
  return [...byCall.values()].flatMap((of, at) => {
    const told = codeOf(reached[at]!.heard.at(-1));
    const sent = codeOf(reached[at]!.other!.sentTrailers);
    return of.flatMap(({ name, ends: [end] }) => {
      if (end === undefined) return [];
      if (told !== undefined)
        return end.code === told ? [] : [`${name} heard ${status[end.code]}, the client ${status[told]}`];
      const possible = [status.CANCELLED, status.DEADLINE_EXCEEDED, ...(sent === undefined ? [] : [sent])];
      return possible.includes(end.code) ? [] : [`${name} heard ${status[end.code]}, which was never sent`];
    });
  });
}

function codeOf(headers: Record<string, unknown> | undefined): status | undefined {
  const code = headers?.['grpc-status'];
  return code === undefined ? undefined : Number(code);
}

/** Nothing is lost or out of order under OK, and nothing is ever made up. */
function messages({ plan, app: { seen }, handled }: World): string[] {
  const found: string[] = [];
  // Bare grpc-js hands a cut-off upload to its handler as a finished one.
  const guarded = plan.server.layers.some(({ type }) => type !== 'foreign');
  const whole = (got: readonly number[], sent: readonly number[]): boolean => got.join() === sent.join();
  const prefix = (got: readonly number[], sent: readonly number[]): boolean => whole(got, sent.slice(0, got.length));
  const last = handled.at(-1);
  // What an application has not read it still has in its stream, whose status does not wait for that.
  if (seen.statuses[0]?.code === status.OK && plan.client.reads !== 'stops') {
    const sent = handled.map(({ written }) => written).filter((each) => whole(seen.responses, each));
    if (sent.length === 0 && !(plan.kind === 'unary' && last === undefined))
      found.push(`under OK the application received [${seen.responses.join()}] of [${last?.written.join() ?? ''}]`);
  } else if (!handled.some(({ written }) => prefix(seen.responses, written)) && seen.responses.length > 0) {
    found.push(`the application received [${seen.responses.join()}], which was not sent so`);
  }
  for (const { requests, finished } of handled) {
    if (!prefix(requests, seen.sent)) found.push(`the handler received [${requests.join()}] of [${seen.sent.join()}]`);
    else if (guarded && finished && !(seen.halfClosed && whole(requests, seen.sent)))
      found.push(`the requests ended for the handler after [${requests.join()}] of [${seen.sent.join()}]`);
  }
  return found;
}

/** No call may leave these behind. */
function leftovers({ network, clock, log }: World): string[] {
  return [
    ...(network.openCalls === 0 ? [] : [`${network.openCalls} calls stay open on the channel`]),
    ...clock.describe().map((what) => `left armed: ${what}`),
    ...log.limits.flatMap(({ running, queued }) =>
      running + queued === 0 ? [] : [`a limit still counts ${running} running and ${queued} queued`],
    ),
  ];
}
