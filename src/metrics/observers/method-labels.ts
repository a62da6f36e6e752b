import type { Method } from '../../core/method.js';

/** The names of the labels that say which method. */
export const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;

/** Their values, in the same order. */
export function methodValues({ kind, service, name }: Method): readonly string[] {
  return [kind, service, name];
}

/** Names and values. */
export function methodLabels({ kind, service, name }: Method): Readonly<Record<string, string>> {
  return { grpc_type: kind, grpc_service: service, grpc_method: name };
}
