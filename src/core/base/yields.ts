/**
 * Node's `setImmediate` as it was when this module was loaded. Yields of the library's own, which let HTTP/2 deliver
 * what it has read, use it: a test that installs a fake clock later cannot stop a server with it. Timers are looked up
 * when they are called, so that a fake clock moves them.
 */
export const yieldTurn: typeof setImmediate = setImmediate;
