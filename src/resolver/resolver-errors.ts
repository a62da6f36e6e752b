/** What went wrong while the addresses of a target were looked for; channels go on with the last good ones. */
export interface ResolverError {
  /** As in `dns-poll:///shop.example:443`. */
  readonly target: string;
  readonly error: Error;
}

export type ResolverErrorListener = (problem: ResolverError) => void;

/** The default listener: a process warning. */
export function reportResolverError({ target, error }: ResolverError): void {
  process.emitWarning(`addresses of ${target}: ${error.message}`, { code: 'GRPC_JS_MIDDLEWARE_RESOLVER' });
}

/** A user's listener that cannot harm the resolver. */
export function safely(listener: ResolverErrorListener): ResolverErrorListener {
  return (problem) => {
    try {
      listener(problem);
    } catch (error) {
      reportResolverError({ target: problem.target, error: new Error(`onError threw: ${String(error)}`) });
    }
  };
}
