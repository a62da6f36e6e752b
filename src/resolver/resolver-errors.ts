import { isThenable } from '../core/base/report-failure.js';

/** What went wrong while the addresses of a target were looked for; channels go on with the last good ones. */
export interface ResolverError {
  /** As in `dns-poll:///shop.example:443`. */
  readonly target: string;
  /** What was thrown, or what was wrong with the answer. */
  readonly error: Error;
}

/** Told of each failure; what it throws or rejects with is a process warning. */
export type ResolverErrorListener = (problem: ResolverError) => void;

/** The default listener: a process warning. */
export function reportResolverError({ target, error }: ResolverError): void {
  process.emitWarning(`addresses of ${target}: ${error.message}`, { code: 'GRPC_JS_MIDDLEWARE_RESOLVER' });
}

/** A user's listener that cannot harm the resolver. */
export function safely(listener: ResolverErrorListener): ResolverErrorListener {
  return (problem) => {
    const failed = (error: unknown): void =>
      reportResolverError({ target: problem.target, error: new Error(`onError threw: ${String(error)}`) });
    try {
      const told: unknown = listener(problem);
      if (isThenable(told)) Promise.resolve(told).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
