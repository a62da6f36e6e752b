import type { ServiceDefinition } from '@grpc/grpc-js';
import { nearestName } from '../base/nearest-name.js';
import { isObject, optionError } from '../base/options.js';
import { descriptionOf, type NamedMethods } from '../description.js';
import { fullName } from '../match.js';
import { methodOf, type Method } from '../method.js';

/** What names methods and can be checked against the methods of the services. */
export interface CoversMethods {
  /**
   * For start-up: proves that whatever is named here is a method of these services, since a misspelt name would match
   * nothing, in silence. Health and reflection may be missing.
   *
   * @throws Error listing every name that matches no method, with the nearest one that does.
   * @throws TypeError when a definition is not one.
   */
  assertCovers(...definitions: ServiceDefinition[]): void;
}

/** Gives an interceptor of ours its {@link CoversMethods.assertCovers}. */
export function covering<I extends (...args: never[]) => unknown>(interceptor: I): I & CoversMethods {
  const assertCovers: CoversMethods['assertCovers'] = (...definitions) => {
    const misses = unmatchedNames([interceptor], methodsOf('assertCovers', definitions));
    if (misses.length > 0)
      throw new Error(`names that match no method:\n${misses.map((each) => `  ${each}`).join('\n')}`);
  };
  return Object.defineProperty(interceptor, 'assertCovers', { value: assertCovers }) as I & CoversMethods;
}

/** Every name in these interceptors that none of the methods has, with the nearest right one, a sentence each. */
export function unmatchedNames(interceptors: readonly unknown[], methods: readonly Method[]): string[] {
  return [...new Set(missesOf(interceptors, methods, methods))];
}

function missesOf(interceptors: readonly unknown[], reached: readonly Method[], all: readonly Method[]): string[] {
  return interceptors.flatMap((interceptor) => {
    const { names = [], parts, applies } = descriptionOf(interceptor) ?? {};
    const own = names.filter((named) => !isOptional(named) && !reached.some(named.matches));
    // What a selection leaves out is not there for its parts either; where it leaves out all, the parts are not to blame.
    const inside = parts && reached.filter((method) => applies?.(method) !== false);
    const inner = inside === undefined || inside.length === 0 ? [] : missesOf(parts!, inside, all);
    return [...own.map((named) => missText(named, all)), ...inner];
  });
}

/** Services that are often served on some ports only. */
const OPTIONAL = /^grpc\.(health|reflection)\./;

const isOptional = ({ text }: NamedMethods): boolean => OPTIONAL.test(text);

/** Whether a service is one of those that are often left out on purpose. */
export const isOptionalService = ({ service }: Method): boolean => OPTIONAL.test(service);

function missText({ place, text, matches }: NamedMethods, all: readonly Method[]): string {
  const shown = text.startsWith('/') ? text : `'${text}'`;
  if (all.some(matches)) return `${place}: ${shown} matches no method that gets there`;
  const near = nearestName(
    text,
    all.flatMap((method) => [fullName(method), `${method.service}/*`]),
  );
  return `${place}: ${shown} matches no method${near === undefined ? '' : `; did you mean '${near}'?`}`;
}

/** The methods of these services. @throws TypeError when a definition is not one. */
export function methodsOf(owner: string, definitions: readonly ServiceDefinition[]): Method[] {
  if (!isListOfDefinitions(definitions)) {
    throw optionError(`${owner}: definitions`, 'a list of service definitions', definitions);
  }
  return definitions.flatMap((definition) => Object.values(definition).map((each) => methodOf(each)));
}

function isListOfDefinitions(list: unknown): list is readonly ServiceDefinition[] {
  const hasPath = (method: unknown): boolean => typeof (method as { path?: unknown } | null)?.path === 'string';
  return Array.isArray(list) && list.every((each) => isObject(each) && Object.values(each).every(hasPath));
}
