// The unit, its context and the errors that travel.
export * from './core/index.js';
// Typed errors, from where they are thrown to where they are handled.
export * from './errors/index.js';
// Handlers and clients that speak promises and async iterables.
export * from './promises/index.js';
