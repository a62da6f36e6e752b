import { types } from 'node:util';
import type { NamedMethods } from './description.js';
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
 * @throws TypeError when the match has none of the accepted forms, naming `option`. So does the result, when a function
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

/** The names in a match, for a check against the methods of the services. A function names none. */
export function namesIn(match: MethodMatch, place: string): NamedMethods[] {
  if (typeof match === 'function') return [];
  if (Array.isArray(match)) return (match as readonly MethodMatch[]).flatMap((each) => namesIn(each, place));
  const text = matchText(match);
  const matches = typeof match === 'string' ? exactly(text) : matcher(match);
  return text === '*' ? [] : [{ place, text, matches }];
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
  const matches = exactly(bare);
  return (method) => matches(method) || warnOfCase(bare, method, option);
}

function exactly(bare: string): (method: Method) => boolean {
  if (bare.endsWith('/*')) {
    const service = bare.slice(0, -2);
    return (method) => method.service === service;
  }
  return (method) => fullName(method) === bare;
}

const warned = new Set<string>();

/** Handlers are written in camelCase and methods are not: a name that differs in nothing but its case cannot be meant. */
function warnOfCase(pattern: string, method: Method, option: string): false {
  const name = pattern.endsWith('/*') ? `${method.service}/*` : fullName(method);
  if (name.length !== pattern.length || name.toLowerCase() !== pattern.toLowerCase()) return false;
  const text = `${option}: '${pattern}' does not match ${fullName(method)}; did you mean '${name}'?`;
  if (!warned.has(text)) process.emitWarning(text, { code: 'GRPC_JS_MIDDLEWARE_MATCH' });
  warned.add(text);
  return false;
}
