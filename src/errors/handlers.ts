/** Names that are none of `Known` are a compile error. */
export type Only<Handlers, Known> = { readonly [Name in Exclude<keyof Handlers, Known>]: never };

/** What one of the handlers gives back. */
export type ResultOf<Handlers> = {
  [Name in keyof Handlers]: Handlers[Name] extends (...args: never) => infer R ? R : never;
}[keyof Handlers];
