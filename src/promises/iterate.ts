/** Whether `for await` could run over a value. A string could be, too, but is no stream of messages. */
export function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** What `for await` would take from an iterable. */
export function iteratorOf(source: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterator<unknown, unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return inTurn(source);
}

async function* inTurn(source: Iterable<unknown>): AsyncGenerator<unknown, undefined> {
  for (const message of source) yield await message;
}
