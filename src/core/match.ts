import { types } from 'node:util';
import { optionError } from './base/options.js';
import type { Method } from './method.js';
import { isThenable } from './base/report-failure.js';

/**
 * Which methods something applies to: `'pkg.Service/Name'`, `'pkg.Service/*'`, `'*'` (all), a RegExp tested against
 * `pkg.Service/Name`, a function, or a list of these, of which one has to match. A leading slash is accepted.
 */
export type MethodMatch = string | RegExp | ((method: Method) => boolean) | readonly MethodMatch[];

/**
 * Compiles a {@link MethodMatch}. Interceptors ask once per method, so a match costs nothing per call.
 *
 * @throws TypeError when the match is none of the accepted forms, naming `option`. So does the result, when a function
 * answers anything but true or false: a promise would count as a yes.
 */
export function matcher(match: MethodMatch, option = 'match'): (method: Method) => boolean {
  if (typeof match === 'function') return (method) => verdictOf(match(method), option);
  // A global or sticky RegExp carries state between tests; a fresh `lastIndex` makes each test independent.
  if (types.isRegExp(match)) return (method) => ((match.lastIndex = 0), match.test(fullName(method)));
  if (typeof match === 'string') return patternMatcher(match, option);
  if (Array.isArray(match)) {
    const any = (match as readonly MethodMatch[]).map((each, index) => matcher(each, `${option}[${index}]`));
    return (method) => any.some((matches) => matches(method));
  }
  throw optionError(option, "'pkg.Service/Name', 'pkg.Service/*', '*', a RegExp, a function or a list of these", match);
}

/** A match in words, for people: of a function its name. */
export function matchText(match: MethodMatch): string {
  if (typeof match === 'string') return match.replace(/^\//, '');
  if (typeof match === 'function') return match.name === '' ? 'what a function says' : match.name;
  return types.isRegExp(match) ? String(match) : match.map(matchText).join(', ');
}

function verdictOf(answer: unknown, option: string): boolean {
  if (typeof answer === 'boolean') return answer;
  if (isThenable(answer)) Promise.resolve(answer).catch(() => undefined);
  throw optionError(option, 'a function that returns true or false', answer);
}

/** `pkg.Service/Name`, the way people write a method: without the wire's leading slash. */
export const fullName = (method: Method): string => `${method.service}/${method.name}`;

function patternMatcher(pattern: string, option: string): (method: Method) => boolean {
  const bare = pattern.startsWith('/') ? pattern.slice(1) : pattern;
  if (bare === '*') return () => true;
  if (!/^[^/*\s]+\/([^/*\s]+|\*)$/.test(bare)) {
    throw optionError(option, "'pkg.Service/Name', 'pkg.Service/*' or '*'", pattern);
  }
  if (bare.endsWith('/*')) {
    const service = bare.slice(0, -2);
    return (method) => method.service === service;
  }
  return (method) => fullName(method) === bare;
}
