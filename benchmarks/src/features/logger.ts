import { pino, type Logger } from 'pino';

/** pino, with a destination that counts lines and throws them away. */
export interface CountingLogger {
  readonly logger: Logger;
  lines(): number;
}

export function countingLogger(): CountingLogger {
  let lines = 0;
  const logger = pino({ level: 'info' }, { write: () => void lines++ });
  return { logger, lines: () => lines };
}
