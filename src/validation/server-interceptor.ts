import { status, type ServerInterceptor } from '@grpc/grpc-js';
import { defineServerInterceptor } from '../core/define.js';
import { covering, type CoversMethods } from '../core/describe/coverage.js';
import { explained } from '../core/description.js';
import type { ServerHooks } from '../core/hooks.js';
import { matcher, namesIn } from '../core/match.js';
import type { Method } from '../core/method.js';
import { isObject, optionsOf, type OptionChecker } from '../core/base/options.js';
import { withoutStack } from '../core/base/without-stack.js';
import { StatusError } from '../core/status/status-error.js';
import { ValidationError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { checkMessage } from './check-message.js';
import { byMessageName } from './message-rules.js';
import type { ValidationRule, Violation } from './rule.js';

/** Options of {@link validationServerInterceptor}. */
export interface ValidationOptions {
  /**
   * Rules for request messages, by method: `'pkg.Service/Name'` or `'pkg.Service/*'`. Where both fit, both apply.
   *
   * @default {}
   */
  readonly rules?: Readonly<Record<string, ValidationRule>>;
  /**
   * Rules by the full name of the message's type, `'pkg.Message'`, for codecs whose messages carry it: protobuf-es,
   * ts-proto with `outputTypeAnnotations`, protobufjs. They are for the message that a request is, not for those inside.
   *
   * @default {}
   */
  readonly messageRules?: Readonly<Record<string, ValidationRule>>;
  /**
   * Checks responses too: with `messageRules`, or with rules by method given here as well. A response that breaks one
   * ends the call with INTERNAL `Response failed validation`; what was wrong with it stays in the error's cause.
   *
   * @default false since a wrong response is the server's own mistake, found better by its tests
   */
  readonly validateResponses?: boolean | Readonly<Record<string, ValidationRule>>;
}

/** More do not fit the trailers, and no reader needs them. */
const MAX_VIOLATIONS = 100;

/**
 * Checks each request message of all four call kinds before the handler sees it. All violations go back at once, as a
 * {@link ValidationError}: INVALID_ARGUMENT with google.rpc `BadRequest`. In a stream the first bad message ends the
 * call.
 *
 * @throws TypeError for a wrong option.
 * @example
 * validationServerInterceptor({
 *   rules: { 'shop.UserService/CreateUser': standardSchema(z.object({ email: z.email() })) },
 * })
 */
export function validationServerInterceptor(options: ValidationOptions): ServerInterceptor & CoversMethods {
  if (isListed(arguments)) return uncalled('validationServerInterceptor', arguments);
  const check = optionsOf('validationServerInterceptor', options, ['rules', 'messageRules', 'validateResponses']);
  const { rules = {}, messageRules = {}, validateResponses = false } = options;
  const byName = new Map(Object.entries(checkedRules(check, 'messageRules', messageRules)));
  const requestRules = methodRules(check, 'rules', rules, byName);
  const responseRules = responseRulesOf(check, validateResponses, byName);
  const interceptor = defineServerInterceptor('validation', (method) => {
    const hooks = hooksOf(requestRules(method), responseRules(method));
    return hooks && (() => hooks);
  });
  return covering(
    explained(
      interceptor,
      (method) => checkedText(requestRules(method).length > 0, responseRules(method).length > 0),
      (method) => requestRules(method).length + responseRules(method).length > 0,
      [
        ...namesIn(Object.keys(rules), 'validationServerInterceptor: rules'),
        ...(typeof validateResponses === 'object'
          ? namesIn(Object.keys(validateResponses), 'validationServerInterceptor: validateResponses')
          : []),
      ],
    ),
  );
}

/** For `describeServer`. */
function checkedText(requests: boolean, responses: boolean): string {
  if (requests && responses) return 'requests and responses';
  return requests ? 'requests' : 'responses';
}

type RulesOf = (method: Method) => readonly ValidationRule[];

function responseRulesOf(
  check: OptionChecker<ValidationOptions>,
  option: unknown,
  byName: ReadonlyMap<string, ValidationRule>,
): RulesOf {
  if (option === false) return () => [];
  return methodRules(check, 'validateResponses', option === true ? {} : option, byName);
}

/** Finds a method's rules, once. */
function methodRules(
  check: OptionChecker<ValidationOptions>,
  name: string,
  option: unknown,
  byName: ReadonlyMap<string, ValidationRule>,
): RulesOf {
  const compiled = Object.entries(checkedRules(check, name, option)).map(([pattern, rule]) => ({
    matches: matcher(pattern, `validationServerInterceptor: ${name}`),
    rule,
  }));
  return (method) => {
    const own = compiled.filter(({ matches }) => matches(method)).map(({ rule }) => rule);
    return byName.size > 0 ? [...own, byMessageName(byName, method)] : own;
  };
}

function checkedRules(
  check: OptionChecker<ValidationOptions>,
  name: string,
  option: unknown,
): Record<string, ValidationRule> {
  if (!isObject(option)) {
    throw check.error(name, 'an object of rules', option);
  }
  for (const [key, rule] of Object.entries(option)) {
    const isSchema = hasStandard(rule);
    if (typeof rule === 'function' && !isSchema) continue;
    const expected = `a function of the message${isSchema ? ', made of the schema with standardSchema(…)' : ''}`;
    throw check.error(`${name}['${key}']`, expected, rule);
  }
  return option as Record<string, ValidationRule>;
}

/** A schema of zod, valibot or arktype, whose schemas are functions: it finds no violations when it is called as a rule. */
function hasStandard(rule: unknown): boolean {
  const isHolder = typeof rule === 'function' || (typeof rule === 'object' && rule !== null);
  return isHolder && '~standard' in rule;
}

/** The hooks of a method keep nothing of a call, so all calls share them. */
function hooksOf(requests: readonly ValidationRule[], responses: readonly ValidationRule[]): ServerHooks | undefined {
  if (requests.length === 0 && responses.length === 0) return undefined;
  return {
    ...(requests.length > 0 && { onRequest: checking(requests, refuseRequest) }),
    ...(responses.length > 0 && { onResponse: checking(responses, refuseResponse) }),
  };
}

function checking(
  rules: readonly ValidationRule[],
  judge: (violations: readonly Violation[]) => void,
): (message: unknown) => void | Promise<void> {
  return (message) => {
    const violations = checkMessage(rules, message);
    return violations instanceof Promise ? violations.then(judge) : judge(violations);
  };
}

function refuseRequest(violations: readonly Violation[]): void {
  if (violations.length > 0) throw withoutStack(new ValidationError(violations.slice(0, MAX_VIOLATIONS)));
}

function refuseResponse(violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  const cause = withoutStack(new ValidationError(violations.slice(0, MAX_VIOLATIONS)));
  throw withoutStack(new StatusError(status.INTERNAL, 'Response failed validation', { cause }));
}
