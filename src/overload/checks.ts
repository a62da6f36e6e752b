import type { OptionChecker } from '../core/options.js';
import type { DecisionListeners } from './listeners.js';

/** A number above 0 and below Infinity. */
export function positive<T extends object>(check: OptionChecker<T>, name: keyof T & string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value;
  throw check.error(name, 'a finite number above 0', value);
}

/** @throws TypeError when a listener cannot be called. */
export function checkListeners(check: OptionChecker<DecisionListeners>, { observer }: DecisionListeners): void {
  check.optionalFunction('onDecision');
  if (observer === undefined || (typeof observer === 'object' && observer !== null)) return;
  throw check.error('observer', 'an object with onDecision or onStateChange', observer);
}
