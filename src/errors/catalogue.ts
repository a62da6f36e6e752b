import { status } from '@grpc/grpc-js';
import { findDetail } from '../core/status/find-detail.js';
import { isObject, optionError } from '../core/base/options.js';
import { BusinessError, StatusError, type BusinessErrorInit } from '../core/status/status-error.js';
import { isStatusCode } from '../core/status/wire-status.js';
import type { Only, ResultOf } from './handlers.js';
import { decodeParameters, encodeParameters, type ErrorParameter } from './parameters.js';

export type { ErrorParameter } from './parameters.js';

/** One error of a catalogue. */
export interface ErrorTemplate {
  /** The gRPC status code; not OK. */
  readonly code: status;
  /** What developers read; a function gets the parameters, by which the types of {@link defineErrors} are inferred. */
  readonly message: string | MessageTemplate;
}

// A method's parameters may be narrower than declared, so that each template may name its own.
type MessageTemplate = {
  render(parameters: Readonly<Record<string, ErrorParameter | undefined>>): string;
}['render'];

/** The errors of a catalogue by their reasons, in UPPER_SNAKE_CASE. */
export type ErrorTemplates = Readonly<Record<string, ErrorTemplate>>;

/** The parameters of one error; undefined when it has none. */
export type ParametersOf<T extends ErrorTemplate> = T['message'] extends string | (() => string)
  ? undefined
  : T['message'] extends (parameters: infer P) => string
    ? P
    : undefined;

/** What else an error of a catalogue may say. */
export type CatalogueErrorInit = Pick<BusinessErrorInit, 'cause' | 'errorDetails'>;

type ErrorFactory<P> = undefined extends P
  ? (parameters?: undefined, init?: CatalogueErrorInit) => BusinessError
  : (parameters: P, init?: CatalogueErrorInit) => BusinessError;

type ErrorHandlers<T extends ErrorTemplates> = {
  readonly [Reason in keyof T]?: (parameters: ParametersOf<T[Reason]>, error: StatusError) => unknown;
} & { readonly default?: (error: StatusError) => unknown };

/** Makes the errors of {@link defineErrors}, one function for each reason, and tells them apart again. */
export type ErrorCatalogue<T extends ErrorTemplates> = {
  readonly [Reason in keyof T]: ErrorFactory<ParametersOf<T[Reason]>>;
} & {
  /**
   * Runs the handler for the error's reason, if it is of this catalogue's domain, and gives back its result. An error
   * that no handler is for, when there is no `default`, is thrown on as it is, so that none is swallowed.
   */
  match<const Handlers extends ErrorHandlers<T>>(
    error: unknown,
    handlers: Handlers & Only<Handlers, keyof T | 'default'>,
  ): ResultOf<Handlers>;
};

/**
 * Declares the errors of a domain once, for the server that throws them and the client that tells them apart. What the
 * message takes travels in the details and comes back with its types.
 *
 * @param domain Whose errors these are: a service or product name, the same on both sides.
 * @throws TypeError when a reason is not UPPER_SNAKE_CASE of at most 63 characters (AIP-193), or a template is wrong.
 * @example
 * const errors = defineErrors('shop.example', {
 *   PRODUCT_NOT_FOUND: { code: status.NOT_FOUND, message: (p: { id: number }) => `Product ${p.id} not found` },
 * });
 * throw errors.PRODUCT_NOT_FOUND({ id: 7 }); // on the server
 * errors.match(error, { PRODUCT_NOT_FOUND: ({ id }) => console.log(id + 1) }); // on the client: 8
 */
export function defineErrors<const T extends ErrorTemplates>(domain: string, templates: T): ErrorCatalogue<T> {
  if (typeof domain !== 'string' || domain === '')
    throw optionError('defineErrors: domain', 'a non-empty string', domain);
  if (!isObject(templates)) throw optionError('defineErrors: templates', 'an object of errors by reason', templates);
  for (const [reason, template] of Object.entries(templates)) checkTemplate(reason, template);
  const factories = Object.entries(templates).map(([reason, template]) => [reason, factory(domain, reason, template)]);
  return Object.freeze({ ...Object.fromEntries(factories), match: matcherOf(domain, templates) }) as ErrorCatalogue<T>;
}

function checkTemplate(reason: string, template: ErrorTemplate): void {
  if (!/^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$/.test(reason)) {
    throw optionError('defineErrors: a reason', 'UPPER_SNAKE_CASE of 3 to 63 characters', reason);
  }
  const { code, message } = template ?? {};
  if (!isStatusCode(code) || code === status.OK) {
    throw optionError(`defineErrors: ${reason}.code`, 'a status code other than OK', code);
  }
  if (typeof message !== 'string' && typeof message !== 'function') {
    throw optionError(`defineErrors: ${reason}.message`, 'a string or a function', message);
  }
}

type Parameters = Readonly<Record<string, ErrorParameter>> | undefined;

function factory(domain: string, reason: string, { code, message }: ErrorTemplate) {
  return (parameters: Parameters, init?: CatalogueErrorInit): BusinessError =>
    new BusinessError(reason, render(message, parameters), {
      ...init,
      code,
      domain,
      metadata: encodeParameters(parameters),
    });
}

/** Never throws: it runs where an error is being made. */
function render(message: ErrorTemplate['message'], parameters: Parameters): string {
  if (typeof message === 'string') return message;
  try {
    return String(message(parameters ?? {}));
  } catch {
    return 'The message of this error could not be made';
  }
}

type AnyHandlers = Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;

function matcherOf(domain: string, templates: ErrorTemplates) {
  return (error: unknown, handlers: AnyHandlers): unknown => {
    const known = StatusError.from(error);
    const info = findDetail(known, 'errorInfo');
    const ours = info?.domain === domain && Object.hasOwn(templates, info.reason);
    const handler = ours && Object.hasOwn(handlers, info.reason) ? handlers[info.reason] : undefined;
    if (ours && handler !== undefined) return handler(decodeParameters(info.metadata), known);
    if (handlers.default !== undefined) return handlers.default(known);
    throw error;
  };
}
