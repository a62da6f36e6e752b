import { until } from './until.js';

/** A line as a logger got it. */
export interface RecordedLine extends Record<string, unknown> {
  readonly level: string;
  readonly msg: string;
}

type Log = (fields: object, msg: string) => void;

/** A logger of pino's shape that keeps what it is told. */
export class LineRecorder {
  readonly lines: RecordedLine[] = [];
  readonly debug = this.at('debug');
  readonly info = this.at('info');
  readonly warn = this.at('warn');
  readonly error = this.at('error');

  /** The lines with this message. */
  with(msg: string): RecordedLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  private at(level: string): Log {
    return (fields, msg) => void this.lines.push({ ...fields, level, msg });
  }
}

/** The line at the end of the last call, once it is there. */
export async function lastLine(log: LineRecorder): Promise<RecordedLine> {
  await until(() => log.with('finished call').length > 0);
  return log.with('finished call').at(-1)!;
}
