import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { destination, pino, type Logger } from 'pino';
import type { Config } from '../config.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** Where the log goes unless it was asked for on the terminal, which belongs to the journey's table. */
export const LOG_FILE = fileURLToPath(new URL('../../.data/shop.log', import.meta.url));

/** Lines are written some at a time: a write to disk for each costs more than the rest of the line. */
const BUFFERED = { minLength: 8_192, periodicFlush: 250 };

/** One JSON line per event, for all processes in one file. Those who look hear the lines too. */
export function openLog({ log }: Pick<Config, 'log'>, telemetry: Telemetry): Logger {
  mkdirSync(new URL('.', `file://${LOG_FILE}`), { recursive: true });
  const file = destination(log ? 2 : { dest: LOG_FILE, append: true, sync: false, ...BUFFERED });
  file.once('ready', () => process.once('exit', () => file.flushSync()));
  const write = (line: string) => {
    file.write(line);
    telemetry.line(line);
  };
  return pino({ base: { pid: process.pid } }, { write });
}
