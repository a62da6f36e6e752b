import * as lifecycle from 'grpc-js-middleware/lifecycle';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const server = { tryShutdown() {}, forceShutdown() {} } as never;

export const wrongCalls: WrongCalls = {
  shutdownGracefully: [
    ...wrongArgument('shutdownGracefully: server', [undefined, ...wrong.foreign], (given) =>
      lifecycle.shutdownGracefully(given, { drainDelayMs: 0, timeoutMs: 0 }),
    ),
    ...wrongOptions<lifecycle.ShutdownOptions>(
      'shutdownGracefully',
      (options) => lifecycle.shutdownGracefully(server, options),
      { drainDelayMs: 0, timeoutMs: 0 },
      {
        calls: wrong.foreign,
        health: wrong.foreign,
        drainDelayMs: [undefined, ...wrong.timeOrZero],
        timeoutMs: [undefined, ...wrong.timeOrZero],
        force: wrong.foreign,
        onStep: wrong.function,
      },
    ),
  ],
  onSignals: [
    ...wrongArgument('onSignals: signals', [undefined, ...wrong.list, [], ['SIGNOPE']], (signals) =>
      lifecycle.onSignals(signals, () => {}),
    ),
    ...wrongArgument('onSignals: handler', [undefined, ...wrong.function], (handler) =>
      lifecycle.onSignals(['SIGUSR2'], handler),
    ),
    ...wrongOptions<lifecycle.OnSignalsOptions>(
      'onSignals',
      (options) => lifecycle.onSignals(['SIGUSR2'], () => {}, options),
      {},
      { exit: wrong.boolean },
    ),
  ],
};

export const withoutOptions: WithoutOptions = {
  trackCalls: 'takes nothing',
};
