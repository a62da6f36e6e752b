import { status } from '@grpc/grpc-js';
import type { CallContext } from '../core/context.js';
import type { CallEnd, ServerHooks } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import { addOutcome, callFields, type Line, type LineSource } from './lines.js';
import { isEnabled, write, type Level } from './logger.js';
import type { LoggingSettings } from './options.js';
import { quietly } from './quietly.js';

/** What differs between the two sides. */
export interface Side {
  readonly component: 'server' | 'client';
  readonly level: (code: status) => Level;
  readonly request: string;
  readonly response: string;
}

/** The hooks that both sides have. */
type CommonHooks = Pick<ServerHooks, 'onRequest' | 'onResponse' | 'onEnd'>;

/** What is known of a method before its first call. */
export class MethodLog implements LineSource {
  readonly component: Side['component'];
  private readonly messages: boolean;

  constructor(
    readonly settings: LoggingSettings,
    readonly side: Side,
    readonly method: Method,
  ) {
    this.component = side.component;
    this.messages = settings.events.has('request') || settings.events.has('response');
  }

  /** What to do for a call. */
  begin(call: CallContext): CommonHooks {
    if (this.settings.events.has('start')) this.note(call, 'started call');
    return this.messages ? new MessageLog(this, call) : new EndLog(this, call);
  }

  /** Writes a line in the middle of a call, as loud as an OK. */
  note(call: CallContext, text: string, add?: (line: Line) => void): void {
    const { settings, side } = this;
    const level = side.level(status.OK);
    if (!isEnabled(settings.logger, level)) return;
    quietly(settings.owner, 'line', () => {
      const line = callFields(this, call);
      add?.(line);
      write(settings.logger, settings.owner, level as Exclude<Level, 'silent'>, line, text);
    });
  }

  end(call: CallContext, end: CallEnd): void {
    const { settings } = this;
    if (!settings.events.has('end') || !this.isSampled(end)) return;
    const level = this.levelOf(call, end);
    if (!isEnabled(settings.logger, level)) return;
    const line = callFields(this, call);
    addOutcome(settings, line, end);
    write(settings.logger, settings.owner, level as Exclude<Level, 'silent'>, line, 'finished call');
  }

  private isSampled(end: CallEnd): boolean {
    const { sample, owner } = this.settings;
    return sample === undefined || quietly(owner, 'sample', () => sample(end)) !== false;
  }

  private levelOf(call: CallContext, end: CallEnd): Level {
    const { level, owner } = this.settings;
    const chosen = level && quietly(owner, 'level', () => level(end, call));
    return isLevel(chosen) ? chosen : this.side.level(end.code);
  }
}

/** Writes one line, at the end. */
class EndLog implements CommonHooks {
  constructor(
    protected readonly log: MethodLog,
    protected readonly call: CallContext,
  ) {}

  onEnd(end: CallEnd): void {
    this.log.end(this.call, end);
  }
}

/** Writes lines for messages too. */
class MessageLog extends EndLog {
  onRequest(message: unknown): void {
    this.message('request', message);
  }

  onResponse(message: unknown): void {
    this.message('response', message);
  }

  private message(event: 'request' | 'response', message: unknown): void {
    const { settings, side } = this.log;
    if (!settings.events.has(event)) return;
    this.log.note(this.call, side[event], (line) => {
      line[`grpc.${event}.content`] = settings.previewer.of(message);
    });
  }
}

const LEVELS: readonly unknown[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] satisfies Level[];

const isLevel = (value: unknown): value is Level => LEVELS.includes(value);
