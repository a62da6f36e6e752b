import * as health from 'grpc-js-middleware/health';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

export const wrongCalls: WrongCalls = {
  HealthService: [
    ...wrongOptions<health.HealthServiceOptions>(
      'HealthService',
      (options) => new health.HealthService(options),
      {},
      {
        services: [null, 'x', 5, [1]],
        probes: wrong.object,
        probeIntervalMs: wrong.time,
        probeTimeoutMs: wrong.time,
        onChange: wrong.function,
        onProbe: wrong.function,
      },
    ),
    ...wrongArgument(
      "HealthService: services['a']",
      [null, 'db', 5, ['cache']],
      (needs) => new health.HealthService({ services: { a: needs }, probes: {} }),
    ),
    ...wrongArgument(
      'HealthService: probes.db',
      wrong.function,
      (db) => new health.HealthService({ services: { a: ['db'] }, probes: { db } }),
    ),
    ...wrongArgument(
      'HealthService: probes.db',
      [async () => true],
      (db) => new health.HealthService({ services: { a: [] }, probes: { db } }),
    ),
    ...wrongOptions<health.HealthShutdownOptions>(
      'HealthService.shutdown',
      (options) => new health.HealthService().shutdown(options),
      {},
      { keepWatches: wrong.boolean },
    ),
    ...wrongArgument('HealthService.setStatus: service', wrong.anyText, (name) =>
      new health.HealthService().setStatus(name, 'SERVING'),
    ),
    ...wrongArgument('HealthService.setStatus: status', [null, '', 'UP', 1], (now) =>
      new health.HealthService().setStatus('a', now),
    ),
    ...wrongArgument('HealthService.clearStatus: service', wrong.anyText, (name) =>
      new health.HealthService().clearStatus(name),
    ),
  ],
  checkHealth: [
    ...wrongArgument('checkHealth: target', [undefined, ...wrong.text], (target) => health.checkHealth(target)),
    ...wrongOptions<health.CheckHealthOptions>(
      'checkHealth',
      (options) => health.checkHealth('a:1', options),
      {},
      {
        service: wrong.anyText,
        credentials: wrong.object,
        channelOptions: wrong.object,
        timeoutMs: wrong.time,
      },
    ),
  ],
  watchHealth: [
    ...wrongArgument('watchHealth: target', [undefined, ...wrong.text], (target) => health.watchHealth(target)),
    ...wrongOptions<health.WatchHealthOptions>(
      'watchHealth',
      (options) => health.watchHealth('a:1', options),
      {},
      {
        service: wrong.anyText,
        credentials: wrong.object,
        channelOptions: wrong.object,
        signal: wrong.foreign,
      },
    ),
  ],
};
