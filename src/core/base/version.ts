/** The version of this package, for instrumentation scopes. `npm version` writes it, by scripts/stamp-version.mjs. */
export const VERSION = '0.1.0';
