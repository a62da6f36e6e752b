import { isThenable, reportHookFailure } from '../core/base/report-failure.js';

/**
 * Runs a function of the application's that a line can do without: when it throws there is no answer, and the operator
 * is told. An asynchronous function has no answer either, since a line does not wait.
 */
export function quietly<T>(owner: string, option: string, run: () => T): T | undefined {
  try {
    const answer = run();
    if (!isThenable(answer)) return answer;
    answer.then(undefined, (error: unknown) => reportHookFailure(owner, option, error));
  } catch (error) {
    reportHookFailure(owner, option, error);
  }
  return undefined;
}
