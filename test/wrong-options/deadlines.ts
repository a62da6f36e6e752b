import * as deadlines from 'grpc-js-middleware/deadlines';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

export const wrongCalls: WrongCalls = {
  deadlineServerInterceptor: [
    ...wrongOptions<deadlines.DeadlineServerOptions>(
      'deadlineServerInterceptor',
      deadlines.deadlineServerInterceptor,
      {},
      { defaultMs: wrong.timeOrNever, minMs: wrong.atLeastZero, maxMs: wrong.timeOrNever, lingerMs: wrong.atLeastZero },
    ),
    ...wrongArgument('deadlineServerInterceptor: minMs', [11], (minMs) =>
      deadlines.deadlineServerInterceptor({ minMs, maxMs: 10 }),
    ),
    ...wrongArgument('deadlineServerInterceptor: minMs', [11], (minMs) =>
      deadlines.deadlineServerInterceptor({ minMs, defaultMs: 10 }),
    ),
  ],
  deadlineClientInterceptor: wrongOptions<deadlines.DeadlineClientOptions>(
    'deadlineClientInterceptor',
    deadlines.deadlineClientInterceptor,
    {},
    { defaultMs: wrong.timeOrNever, reserveMs: wrong.timeOrZero, propagate: wrong.boolean },
  ),
  detached: wrongArgument('detached: run', wrong.function, deadlines.detached),
};
