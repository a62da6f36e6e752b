import { status } from '@grpc/grpc-js';
import type { Level } from './logger.js';

/**
 * How loud a server is about a code: `info` for what a caller got wrong, `warn` for what may need a look, `error` for
 * what a developer has to mend. The table is go-grpc-middleware's.
 */
export function defaultServerLevel(code: status): Level {
  return serverLevels[code] ?? 'error';
}

/** How loud a client is about a code: what its own request explains is `debug`, what the server has to mend is `warn`. */
export function defaultClientLevel(code: status): Level {
  return clientLevels[code] ?? 'info';
}

const serverLevels: Readonly<Record<number, Level>> = {
  ...levelOf('info', status.OK, status.NOT_FOUND, status.CANCELLED, status.ALREADY_EXISTS),
  ...levelOf('info', status.INVALID_ARGUMENT, status.UNAUTHENTICATED),
  ...levelOf('warn', status.DEADLINE_EXCEEDED, status.PERMISSION_DENIED, status.RESOURCE_EXHAUSTED, status.ABORTED),
  ...levelOf('warn', status.FAILED_PRECONDITION, status.OUT_OF_RANGE, status.UNAVAILABLE),
};

const clientLevels: Readonly<Record<number, Level>> = {
  ...levelOf('debug', status.OK, status.CANCELLED, status.INVALID_ARGUMENT, status.NOT_FOUND, status.ALREADY_EXISTS),
  ...levelOf('debug', status.RESOURCE_EXHAUSTED, status.FAILED_PRECONDITION, status.ABORTED, status.OUT_OF_RANGE),
  ...levelOf('warn', status.UNIMPLEMENTED, status.INTERNAL, status.UNAVAILABLE, status.DATA_LOSS),
};

function levelOf(level: Level, ...codes: status[]): Record<number, Level> {
  return Object.fromEntries(codes.map((code) => [code, level]));
}
