import { pino, type Logger } from 'pino';
import { countWork } from './work.js';

/** pino, with a destination that counts lines and throws them away. */
export function countingLogger(): Logger {
  let lines = 0;
  countWork('log lines', () => lines);
  return pino({ level: 'info' }, { write: () => void lines++ });
}
