import { isThenable, reportHookFailure } from '../core/base/report-failure.js';

/** pino's levels. `silent` writes nothing. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Writes one line: its fields, then its message. */
export type LogFunction = (fields: object, message: string) => void;

/** The part of a pino logger that is used; anything of this shape will do, and pino itself is never imported. */
export interface Logger {
  /** Writes a line of this level. */
  debug: LogFunction;
  /** Writes a line of this level. */
  info: LogFunction;
  /** Writes a line of this level. */
  warn: LogFunction;
  /** Writes a line of this level. */
  error: LogFunction;
  /** Without it, `error` is used. */
  fatal?: LogFunction;
  /** Without it, `debug` is used. */
  trace?: LogFunction;
  /** Spares the making of lines that would not be written. */
  isLevelEnabled?(level: string): boolean;
}

/** Whether a line of this level would be written. A logger that cannot say is taken to write it. */
export function isEnabled(logger: Logger, level: Level): boolean {
  if (level === 'silent') return false;
  try {
    return logger.isLevelEnabled?.(level) ?? true;
  } catch {
    return true;
  }
}

/** Writes a line. What the logger throws, of a closed stream or a full disk, is the operator's to know and not the caller's. */
export function write(
  logger: Logger,
  owner: string,
  level: Exclude<Level, 'silent'>,
  line: object,
  text: string,
): void {
  try {
    const written: unknown = call(logger, level, line, text);
    if (isThenable(written)) written.then(undefined, (error: unknown) => reportHookFailure(owner, 'logger', error));
  } catch (error) {
    reportHookFailure(owner, 'logger', error);
  }
}

function call(logger: Logger, level: Exclude<Level, 'silent'>, line: object, text: string): unknown {
  if (level === 'fatal' && logger.fatal === undefined) return logger.error(line, text);
  if (level === 'trace' && logger.trace === undefined) return logger.debug(line, text);
  return logger[level]!(line, text);
}
