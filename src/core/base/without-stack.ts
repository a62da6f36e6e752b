/**
 * Takes the stack from an error by which this library refuses a call: it would show only frames of the library's own, two
 * kilobytes in every line of a log. The stacks of what the application threw, in its `cause`, stay.
 */
export function withoutStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
