import { MAX_PATHS, warnOfPaths } from '../core/base/remember.js';
import type { CallKind, Method } from '../core/method.js';
import { OTHER } from './labels.js';

/** The methods that have series of their own; all further ones are counted together, as `other`. */
export class KnownMethods {
  private readonly paths = new Set<string>();

  /** The method whose series count a call. */
  of(method: Method): Method {
    if (this.paths.has(method.path)) return method;
    if (this.paths.size >= MAX_PATHS) {
      warnOfPaths();
      return others[method.kind];
    }
    this.paths.add(method.path);
    return method;
  }
}

const other = (kind: CallKind): Method =>
  Object.freeze({ path: `/${OTHER}/${kind}`, service: OTHER, name: OTHER, kind });

const others: Readonly<Record<CallKind, Method>> = {
  unary: other('unary'),
  client_stream: other('client_stream'),
  server_stream: other('server_stream'),
  bidi_stream: other('bidi_stream'),
};
