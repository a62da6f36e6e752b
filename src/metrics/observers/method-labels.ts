import type { Method } from '../../core/method.js';
import { KnownMethods } from '../known-methods.js';

/** The methods that observers have counted, bounded as those of interceptors are. */
export const observed = new KnownMethods();

/** The names of the labels that say which method. */
export const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;

/** Their values, in the same order. */
export function methodValues(method: Method): readonly string[] {
  const { kind, service, name } = observed.of(method);
  return [kind, service, name];
}

/** Names and values. */
export function methodLabels(method: Method): Readonly<Record<string, string>> {
  const { kind, service, name } = observed.of(method);
  return { grpc_type: kind, grpc_service: service, grpc_method: name };
}
