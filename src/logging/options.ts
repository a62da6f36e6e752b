import type { CallContext } from '../core/context.js';
import type { CallEnd } from '../core/hooks.js';
import { optionsOf } from '../core/base/options.js';
import type { Level, Logger } from './logger.js';
import { Previewer } from './preview.js';
import { Redactor } from './redact.js';

/** A moment of a call that can have a line of its own. */
export type LogEvent = 'start' | 'end' | 'request' | 'response';

/** Options of {@link loggingServerInterceptor} and {@link loggingClientInterceptor}. */
export interface LoggingOptions<Call extends CallContext = CallContext> {
  /** A pino logger, or anything of its shape. */
  readonly logger: Logger;
  /**
   * Which moments get a line: `start` of the call, each `request` and `response` message with a preview of its content,
   * and the `end`.
   *
   * @default ['end']
   */
  readonly events?: readonly LogEvent[];
  /**
   * The level of a call's last line. Without an answer, or when it throws, the default holds.
   *
   * @default by the code, in go-grpc-middleware's two tables: a server's NOT_FOUND is `info`, its INTERNAL `error`
   */
  readonly level?: (end: CallEnd, call: Call) => Level | undefined;
  /**
   * Fields to add to each line; {@link addLogFields} wins over these. They are asked for when the line is written.
   *
   * @default none
   */
  readonly fields?: (call: Call) => object | undefined;
  /**
   * Paths of values that are replaced by `[Redacted]`, in payloads, metadata, errors and added fields alike:
   * `card.number`, `items[0].cvv`, `items[*].cvv`, `**.password` (at any depth), `["x-api-key"]`. A list on the way
   * need not be mentioned, and `card_number` is `cardNumber`. `authorization`, `proxy-authorization`, cookies and
   * `-bin` values are always redacted.
   *
   * @default []
   */
  readonly redact?: readonly string[];
  /**
   * Whether a call's last line is written, once it is known how the call ended.
   *
   * @default every line; see {@link failuresAndOneIn}
   */
  readonly sample?: (end: CallEnd) => boolean;
  /**
   * Adds the call's metadata as `grpc.request.metadata`: all of it, or the keys named.
   *
   * @default false
   */
  readonly metadata?: boolean | readonly string[];
  /**
   * About how many characters of a payload, of an added object or of the metadata are shown; errors get four times that.
   *
   * @default 2048
   */
  readonly maxPreviewLength?: number;
}

/** The options, checked and compiled. */
export interface LoggingSettings {
  readonly owner: string;
  readonly logger: Logger;
  readonly events: ReadonlySet<LogEvent>;
  readonly level: LoggingOptions['level'];
  readonly fields: LoggingOptions['fields'];
  readonly sample: LoggingOptions['sample'];
  readonly metadata: boolean | readonly string[];
  readonly previewer: Previewer;
  readonly errorPreviewer: Previewer;
}

const METHODS = ['debug', 'info', 'warn', 'error'] as const;
const EVENTS: readonly LogEvent[] = ['start', 'end', 'request', 'response'];
const NAMES = ['logger', 'events', 'level', 'fields', 'redact', 'sample', 'metadata', 'maxPreviewLength'] as const;

/** @throws TypeError naming the option that is wrong. */
export function loggingSettings<Call extends CallContext>(owner: string, given: LoggingOptions<Call>): LoggingSettings {
  const options = given as LoggingOptions;
  const check = optionsOf(owner, options, NAMES);
  const { metadata = false, redact = [] } = options;
  const logger = check.having('logger', 'a pino logger, or an object with debug, info, warn and error', ...METHODS);
  const events = check.list('events', `a list of ${EVENTS.map((event) => `'${event}'`).join(', ')}`, isEvent, [
    'end',
  ] as const);
  if (typeof metadata !== 'boolean' && !isListOfKeys(metadata)) {
    throw check.error('metadata', 'true, false or a list of metadata keys', metadata);
  }
  const redactor = new Redactor(redact, `${owner}: redact`);
  const maxLength = check.number('maxPreviewLength', { min: 0, max: 1_000_000, fallback: 2048 });
  return {
    owner,
    logger,
    events: new Set(events),
    level: check.optionalFunction('level'),
    fields: check.optionalFunction('fields'),
    sample: check.optionalFunction('sample'),
    metadata: typeof metadata === 'boolean' ? metadata : metadata.map((key) => key.toLowerCase()),
    previewer: new Previewer(redactor, maxLength),
    errorPreviewer: new Previewer(redactor, maxLength * 4),
  };
}

const isEvent = (event: unknown): boolean => EVENTS.includes(event as LogEvent);

function isListOfKeys(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every((key) => typeof key === 'string' && key !== '');
}
