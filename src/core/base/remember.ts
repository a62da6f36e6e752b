/** Paths that a process keeps something of. A service has a few dozen methods; a gateway may be sent paths without end. */
export const MAX_PATHS = 2_000;

let warned = false;

/**
 * Keeps a value of a path, while there are fewer than {@link MAX_PATHS}: on a client that forwards paths from outside, each
 * path would otherwise stay forever. Beyond, the value is made for each call; a warning says so once.
 */
export function remember<T>(known: Map<string, T>, path: string, value: T): T {
  if (known.size < MAX_PATHS || known.has(path)) known.set(path, value);
  else warnOfPaths();
  return value;
}

/** Says once that calls of more methods were seen than a program has. */
export function warnOfPaths(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `calls of more than ${MAX_PATHS} methods were seen: what is kept for each method is no longer kept for further ones, ` +
      "and metrics count them as 'other'. Does a client forward paths from outside?",
    { code: 'GRPC_JS_MIDDLEWARE_PATHS' },
  );
}
