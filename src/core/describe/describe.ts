import type { ChannelOptions, Interceptor, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import { checkInterceptors } from '../compose.js';
import { chainOf, wholeChain, type Link } from './describe-chain.js';
import { clientMistakes, serverMistakes, type Mistakes } from './describe-mistakes.js';
import { fullName } from '../match.js';
import { methodOf, type Method } from '../method.js';
import { isObject, optionError } from '../base/options.js';

/**
 * The effective chain of each method as text, outermost first, with what each interceptor does to its calls (policy,
 * deadline, limits), and warnings about known mistakes, among them: an observer that stands inside one that refuses, no
 * error interceptor, methods without a rule, validation before auth, two of the same. Methods with the same chain stand
 * together. For people, at start-up or in a test that wants no `warning`; the wording may change.
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
 * // warning: logging is there twice
 */
export function describeServer(
  interceptors: readonly ServerInterceptor[],
  definitions: readonly ServiceDefinition[],
): string {
  checkInterceptors('describeServer', interceptors);
  const methods = methodsOf('describeServer', definitions);
  const unguarded = methodsWithoutAuth(interceptors, methods);
  return describe(interceptors, methods, serverMistakes, [
    ...(unguarded.length > 0 ? [warning('not seen by auth, as others are: whoever calls may', unguarded)] : []),
  ]);
}

/**
 * As {@link describeServer}, for a client's interceptors over a channel. Its warnings are of calls without a deadline, of
 * what stands on the wrong side of a retry, of tracing and metrics that miss calls, and of grpc-js retrying beside
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
  return describe(interceptors, methodsOf('describeClient', definitions), clientMistakes(channelOptions), []);
}

function methodsOf(owner: string, definitions: readonly ServiceDefinition[]): Method[] {
  if (!isListOfDefinitions(definitions)) {
    throw optionError(`${owner}: definitions`, 'a list of service definitions', definitions);
  }
  return definitions.flatMap((definition) => Object.values(definition).map((each) => methodOf(each)));
}

function isListOfDefinitions(list: unknown): list is readonly ServiceDefinition[] {
  const hasPath = (method: unknown): boolean => typeof (method as { path?: unknown } | null)?.path === 'string';
  return Array.isArray(list) && list.every((each) => isObject(each) && Object.values(each).every(hasPath));
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
  const sections =
    methods.length > 0 ? sectionsOf(interceptors, methods) : [{ methods: [], chain: wholeChain(interceptors) }];
  const warnings = [...warningsOf(sections, methods.length, mistakes), ...more];
  const blocks = sections.map((section) => [...headings(section.methods), ...linesOf(section.chain)].join('\n'));
  return [...blocks, ...(warnings.length > 0 ? [warnings.join('\n')] : [])].join('\n\n');
}

function sectionsOf(interceptors: readonly unknown[], methods: readonly Method[]): Section[] {
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
function warningsOf(sections: readonly Section[], total: number, mistakes: Mistakes): string[] {
  const found = new Map<string, Method[]>();
  const note = (text: string, ...methods: Method[]) => found.set(text, [...(found.get(text) ?? []), ...methods]);
  for (const { methods, chain } of sections) {
    if (methods.length === 0) for (const text of mistakes(chain)) note(text);
    for (const method of methods) for (const text of mistakes(chain, method)) note(text, method);
  }
  return [...found].map(([text, methods]) => warning(text, methods.length === total ? [] : methods));
}

const SHOWN = 5;

function warning(text: string, methods: readonly Method[]): string {
  if (methods.length === 0) return `warning: ${text}`;
  const names = methods.slice(0, SHOWN).map(fullName).join(', ');
  const rest = methods.length > SHOWN ? ` and ${methods.length - SHOWN} more` : '';
  return `warning: ${text} (${names}${rest})`;
}

/** Open to anyone by being forgotten, and not by a rule. Health and reflection are often left out on purpose. */
function methodsWithoutAuth(interceptors: readonly unknown[], methods: readonly Method[]): Method[] {
  const sees = (method: Method): boolean => chainOf(interceptors, method).some(({ name }) => name === 'auth');
  const without = methods.filter((method) => !sees(method));
  if (without.length === methods.length) return [];
  return without.filter(({ service }) => !/^grpc\.(health|reflection)\./.test(service));
}
