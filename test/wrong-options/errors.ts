import { status } from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import * as errors from 'grpc-js-middleware/errors';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

export const wrongCalls: WrongCalls = {
  defineErrors: [
    ...wrongArgument('defineErrors: domain', wrong.text, (domain) => root.defineErrors(domain, {})),
    ...wrongArgument('defineErrors: templates', wrong.object, (templates) => root.defineErrors('a', templates)),
    ...wrongArgument('defineErrors: a reason', ['notUpper', 'X', 'X'.repeat(64)], (reason) =>
      root.defineErrors('a', { [reason]: { code: status.ABORTED, message: '' } }),
    ),
    ...wrongArgument('defineErrors: GONE.code', [null, 0, 17, '5'], (code) =>
      root.defineErrors('a', { GONE: { code, message: '' } }),
    ),
    ...wrongArgument('defineErrors: GONE.message', [null, 5, {}], (message) =>
      root.defineErrors('a', { GONE: { code: status.ABORTED, message } }),
    ),
  ],
  errorServerInterceptor: wrongOptions<errors.ErrorServerOptions>(
    'errorServerInterceptor',
    errors.errorServerInterceptor,
    {},
    {
      domain: wrong.text,
      map: wrong.function,
      trustCodes: wrong.boolean,
      exposeUnknown: wrong.boolean,
      onUnknown: wrong.function,
    },
  ),
  matchStatus: wrongArgument('matchStatus: handlers', wrong.object, (handlers) => errors.matchStatus(null, handlers)),
};

export const withoutOptions: WithoutOptions = {
  ValidationError: 'as StatusError',
  BusinessError: 'as StatusError',
  errorClientInterceptor: 'takes nothing',
};
