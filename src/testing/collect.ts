/** All that an async iterable yields: `Array.fromAsync`, which Node 20 does not have. */
export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}
