export { trackCalls, type CallTracker } from './track-calls.js';
export {
  shutdownGracefully,
  type ShutdownHealth,
  type ShutdownOptions,
  type ShutdownReport,
  type ShutdownStep,
} from './shutdown.js';
export { onSignals, type OnSignalsOptions, type StopRequest } from './on-signals.js';
