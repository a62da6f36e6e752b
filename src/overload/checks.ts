import type { OptionChecker } from '../core/base/options.js';
import type { DecisionListeners } from './listeners.js';

/** @throws TypeError when a listener cannot be called. */
export function checkListeners(check: OptionChecker<DecisionListeners>): void {
  check.optionalFunction('onDecision');
  check.optionalObserver('observer', 'onDecision', 'onStateChange');
}
