import { status } from '@grpc/grpc-js';
import { isThenable } from '../core/base/report-failure.js';
import { withoutStack } from '../core/base/without-stack.js';
import { StatusError, isStatusError } from '../core/status/status-error.js';
import type { ValidationRule, Violation } from './rule.js';

/**
 * All violations that the rules find, or a promise of them where a rule is async; nobody waits otherwise. Async rules
 * run one after another: a later rule that throws must not leave a promise behind that nobody handles.
 *
 * @throws StatusError (or rejects with one): INTERNAL for a rule that is broken, with the reason in its cause.
 */
export function checkMessage(
  rules: readonly ValidationRule[],
  message: unknown,
  from = 0,
  found: readonly Violation[] = [],
): readonly Violation[] | Promise<readonly Violation[]> {
  for (let i = from; i < rules.length; i++) {
    const answer = askRule(rules[i]!, message);
    if (answer instanceof Promise) {
      return answer.then((more) => checkMessage(rules, message, i + 1, found.concat(more)));
    }
    if (answer.length > 0) found = found.concat(answer);
  }
  return found;
}

function askRule(rule: ValidationRule, message: unknown): readonly Violation[] | Promise<readonly Violation[]> {
  try {
    const answer: unknown = rule(message);
    return isThenable(answer) ? Promise.resolve(answer).then(checkedAnswer).catch(rethrow) : checkedAnswer(answer);
  } catch (error) {
    return rethrow(error);
  }
}

/** A rule that answers nonsense must not pass for one that found nothing. */
function checkedAnswer(answer: unknown): readonly Violation[] {
  if (!Array.isArray(answer)) {
    throw new TypeError(`A validation rule must answer a list of violations, got ${kindOf(answer)}`);
  }
  const wrong = answer.findIndex((each) => !isViolation(each));
  if (wrong >= 0) {
    throw new TypeError(`A violation must have a field and a description, got ${kindOf(answer[wrong])} at ${wrong}`);
  }
  return answer as Violation[];
}

function isViolation(value: unknown): value is Violation {
  if (typeof value !== 'object' || value === null) return false;
  const { field, description, reason, localizedMessage } = value as Partial<Record<keyof Violation, unknown>>;
  return (
    typeof field === 'string' &&
    typeof description === 'string' &&
    (reason === undefined || typeof reason === 'string') &&
    (localizedMessage === undefined || typeof localizedMessage === 'object')
  );
}

function rethrow(error: unknown): never {
  if (isStatusError(error)) throw error;
  throw withoutStack(new StatusError(status.INTERNAL, 'Internal error', { cause: error }));
}

const kindOf = (value: unknown): string => (value === null ? 'null' : `a value of type ${typeof value}`);
