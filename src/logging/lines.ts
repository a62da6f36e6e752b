import { status } from '@grpc/grpc-js';
import { isAttempt } from '../core/client/client-call.js';
import type { CallContext, ClientCallContext, ServerCallContext } from '../core/context.js';
import { camelCaseCode } from '../core/status/code-names.js';
import type { CallEnd } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import { spanIdsKey } from '../core/shared/span-ids.js';
import { isStatusError } from '../core/status/status-error.js';
import { logFieldsKey } from './fields.js';
import { metadataObject } from './foreign-values.js';
import type { LoggingSettings } from './options.js';
import { quietly } from './quietly.js';
import { timestamp, timestampOfNow } from './timestamp.js';

/** The fields of one line. */
export type Line = Record<string, unknown>;

/** What is to be known for the lines of a method. */
export interface LineSource {
  readonly settings: LoggingSettings;
  readonly component: 'server' | 'client';
  readonly method: Method;
}

/** What every line of a call says, the application's own fields last, so that they win. */
export function callFields(source: LineSource, call: CallContext): Line {
  const { settings, component } = source;
  const line = commonFields(source, call);
  if (component === 'server') addServerFields(line, call as ServerCallContext);
  else addClientFields(line, call as ClientCallContext);
  if (call.deadline !== Infinity) line['grpc.request.deadline'] = timestamp(call.deadline);
  const span = call.get(spanIdsKey);
  if (span !== undefined) {
    line['trace_id'] = span.traceId;
    line['span_id'] = span.spanId;
  }
  if (settings.metadata !== false) line['grpc.request.metadata'] = metadataFields(settings, call);
  const { fields } = settings;
  if (fields !== undefined)
    addOwn(
      settings,
      line,
      quietly(settings.owner, 'fields', () => fields(call)),
    );
  addOwn(settings, line, call.get(logFieldsKey));
  return line;
}

/** One literal: Node 20 needs 5 µs more for the same fields spread from an object. The names are go-grpc-middleware's. */
function commonFields({ component, method }: LineSource, call: CallContext): Line {
  return {
    protocol: 'grpc',
    'grpc.component': component,
    'grpc.service': method.service,
    'grpc.method': method.name,
    'grpc.method_type': method.kind,
    'grpc.start_time': timestampOfNow(call.startedAt),
  };
}

/** Adds how the call ended: nothing of the application's can stand in the place of these. */
export function addOutcome(settings: LoggingSettings, line: Line, end: CallEnd): void {
  line['grpc.code'] = camelCaseCode(end.code);
  line['grpc.time_ms'] = Math.round(end.durationMs * 1000) / 1000;
  line['grpc.end_origin'] = end.origin;
  line['grpc.messages_received'] = end.received;
  line['grpc.messages_sent'] = end.sent;
  if (end.code !== status.OK) line['grpc.error'] = settings.errorPreviewer.of(end.details);
  if (isWorthShowing(end.error)) line['error'] = settings.errorPreviewer.of(end.error);
}

function addServerFields(line: Line, call: ServerCallContext): void {
  line['peer.address'] = call.peer;
  const { previousAttempts } = call;
  if (previousAttempts > 0) line['grpc.previous_attempts'] = previousAttempts;
}

function addClientFields(line: Line, call: ClientCallContext): void {
  const { target, peer } = call;
  if (target !== '') line['grpc.target'] = target;
  if (peer !== 'unknown') line['peer.address'] = peer;
  if (isAttempt(call)) line['grpc.attempt'] = call.attempt;
}

function metadataFields({ metadata, previewer }: LoggingSettings, call: CallContext): unknown {
  const all = metadataObject(call.metadata) as Record<string, unknown>;
  if (metadata === true) return previewer.of(all);
  const wanted = (metadata as readonly string[]).filter((key) => Object.hasOwn(all, key));
  return previewer.of(Object.fromEntries(wanted.map((key) => [key, all[key]])));
}

/** The application's fields are redacted and bounded as everything else is. */
function addOwn({ previewer }: LoggingSettings, line: Line, fields: object | undefined): void {
  if (typeof fields !== 'object' || fields === null) return;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && name !== '__proto__') line[name] = previewer.named(name, value);
  }
}

/** An error that says more than the code and text which are on the line already. */
function isWorthShowing(error: unknown): boolean {
  return error !== undefined && !(isStatusError(error) && error.cause === undefined);
}
