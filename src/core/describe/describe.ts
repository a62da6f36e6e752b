import type { ChannelOptions, Interceptor, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import { checkInterceptors } from '../compose.js';
import { chainOf, wholeChain, type Link } from './describe-chain.js';
import { isOptionalService, methodsOf, unmatchedNames } from './coverage.js';
import { clientMistakes, serverAdvice, serverMistakes, type Mistakes } from './describe-mistakes.js';
import { fullName } from '../match.js';
import type { Method } from '../method.js';
import { misplaced, type Side } from '../side.js';
import { isObject, optionError } from '../base/options.js';

/**
 * The effective chain of each method as text, outermost first, with what each interceptor does to its calls (policy,
 * deadline, limits), and warnings about known mistakes, among them: an observer listed after one that rejects calls, no
 * error interceptor, methods without a rule, validation before auth, two of the same. Methods with the same chain are
 * shown together, and names that match no method are shown with the nearest right one. For people; the wording may change.
 * {@link assertServer} throws for what is wrong.
 *
 * @param interceptors As the server lists them.
 * @param definitions The services that it serves; without any, the chain of all methods at once.
 * @throws TypeError when an interceptor is no function, or a definition is none.
 * @example
 * console.log(describeServer(interceptors, [ShopService]));
 * // shop.ShopService/GetProduct   unary
 * // shop.ShopService/AddProduct   unary
 * //   logging
 * //   errors
 * //   deadlines  default 5 s, at most 30 s
 * //   auth       role admin
 * //
 * // warning: logging is listed twice
 */
export function describeServer(
  interceptors: readonly ServerInterceptor[],
  definitions: readonly ServiceDefinition[],
): string {
  checkInterceptors('describeServer', interceptors);
  const methods = methodsOf('describeServer', definitions);
  return describe(interceptors, methods, (...args) => [...serverMistakes(...args), ...serverAdvice(...args)], [
    ...unguardedProblem(interceptors, methods),
    ...listProblems(interceptors, methods, 'server'),
  ]);
}

/**
 * Throws when a server's interceptors do not fit the services that it serves: names in rules, selections, keys and policies
 * that match no method (with the nearest right one), methods without a rule, interceptors of the wrong side or in the wrong
 * order, and two of the same. For start-up, before the server listens, or for a test.
 *
 * @param definitions The services that the server serves. Health and reflection may be missing.
 * @param interceptors As the server lists them.
 * @throws Error that lists all that is wrong, a line each.
 * @throws TypeError when an argument is of the wrong type.
 * @example
 * const interceptors = [logging, errors, auth, validation];
 * assertServer([ShopService, HealthService], interceptors);
 * const server = new Server({ interceptors });
 */
export function assertServer(
  definitions: readonly ServiceDefinition[],
  interceptors: readonly ServerInterceptor[],
): void {
  checkInterceptors('assertServer', interceptors);
  const methods = methodsOf('assertServer', definitions);
  const problems = [
    ...listProblems(interceptors, methods, 'server'),
    ...problemsOf(sectionsOf(interceptors, methods), methods.length, serverMistakes),
    ...unguardedProblem(interceptors, methods),
  ];
  if (problems.length > 0) throw new Error(`assertServer:${problems.map((each) => `\n  ${each}`).join('')}`);
}

/** What is wrong with the list as a whole. Without methods there is nothing to compare its names with. */
function listProblems(interceptors: readonly unknown[], methods: readonly Method[], side: Side): string[] {
  return [
    ...interceptors.flatMap((each, index) => {
      const found = misplaced(each, side);
      return found === undefined ? [] : [`interceptor ${index + 1} must be a ${side} interceptor, got ${found}`];
    }),
    ...(methods.length > 0 ? unmatchedNames(interceptors, methods) : []),
  ];
}

/**
 * As {@link describeServer}, for a client's interceptors over a channel. Its warnings are of calls without a deadline, of
 * what is listed on the wrong side of a retry, of tracing and metrics that miss calls, and of grpc-js retrying beside
 * `retryClientInterceptor` or `hedgingClientInterceptor`.
 *
 * @param interceptors As the client lists them.
 * @param channelOptions The client's own options: a service config among them may set deadlines, and retry.
 * @param definitions The services that it calls; without any, the chain of all methods at once.
 * @throws TypeError when an interceptor is no function, or a definition is none.
 * @example console.log(describeClient(interceptors, serviceConfig({ roundRobin: {} })));
 */
export function describeClient(
  interceptors: readonly Interceptor[],
  channelOptions: ChannelOptions = {},
  definitions: readonly ServiceDefinition[] = [],
): string {
  checkInterceptors('describeClient', interceptors);
  if (!isObject(channelOptions)) throw optionError('describeClient: channelOptions', 'an object', channelOptions);
  const methods = methodsOf('describeClient', definitions);
  const more = listProblems(interceptors, methods, 'client');
  return describe(interceptors, methods, clientMistakes(channelOptions), more);
}

/** Methods that share a chain, and what it is. */
interface Section {
  readonly methods: Method[];
  readonly chain: readonly Link[];
}

function describe(
  interceptors: readonly unknown[],
  methods: readonly Method[],
  mistakes: Mistakes,
  more: readonly string[],
): string {
  const sections = sectionsOf(interceptors, methods);
  const problems = [...problemsOf(sections, methods.length, mistakes), ...more];
  const warnings = problems.map((each) => `warning: ${each}`);
  const blocks = sections.map((section) => [...headings(section.methods), ...linesOf(section.chain)].join('\n'));
  return [...blocks, ...(warnings.length > 0 ? [warnings.join('\n')] : [])].join('\n\n');
}

function sectionsOf(interceptors: readonly unknown[], methods: readonly Method[]): Section[] {
  if (methods.length === 0) return [{ methods: [], chain: wholeChain(interceptors) }];
  const sections = new Map<string, Section>();
  for (const method of methods) {
    const chain = chainOf(interceptors, method);
    const text = linesOf(chain).join('\n');
    const section = sections.get(text);
    if (section === undefined) sections.set(text, { methods: [method], chain });
    else section.methods.push(method);
  }
  return [...sections.values()];
}

function headings(methods: readonly Method[]): string[] {
  if (methods.length === 0) return ['every call'];
  return inColumns(methods.map((method) => [fullName(method), method.kind]));
}

function linesOf(chain: readonly Link[]): string[] {
  if (chain.length === 0) return ['  no interceptor'];
  const rows = chain.map(({ name, explanation, narrowed }) => [
    `  ${name}`,
    [explanation, narrowed].filter((each) => each !== undefined).join('; '),
  ]);
  return inColumns(rows);
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first!.length));
  return rows.map(([first, second]) => (second === '' ? first! : `${first!.padEnd(width)}  ${second}`));
}

/** Each mistake once, with the methods that have it, unless all do. */
function problemsOf(sections: readonly Section[], total: number, mistakes: Mistakes): string[] {
  const found = new Map<string, Method[]>();
  const note = (text: string, ...methods: Method[]) => found.set(text, [...(found.get(text) ?? []), ...methods]);
  for (const { methods, chain } of sections) {
    if (methods.length === 0) for (const text of mistakes(chain)) note(text);
    for (const method of methods) for (const text of mistakes(chain, method)) note(text, method);
  }
  return [...found].map(([text, methods]) => withMethods(text, methods.length === total ? [] : methods));
}

const SHOWN = 5;

function withMethods(text: string, methods: readonly Method[]): string {
  if (methods.length === 0) return text;
  const names = methods.slice(0, SHOWN).map(fullName).join(', ');
  const rest = methods.length > SHOWN ? ` and ${methods.length - SHOWN} more` : '';
  return `${text} (${names}${rest})`;
}

/** Open to anyone by being forgotten, and not by a rule. */
function unguardedProblem(interceptors: readonly unknown[], methods: readonly Method[]): string[] {
  const sees = (method: Method): boolean => chainOf(interceptors, method).some(({ name }) => name === 'auth');
  const without = methods.filter((method) => !sees(method));
  if (without.length === methods.length) return [];
  const forgotten = without.filter((method) => !isOptionalService(method));
  if (forgotten.length === 0) return [];
  return [withMethods('not covered by auth, unlike the other methods: anyone may call it', forgotten)];
}
