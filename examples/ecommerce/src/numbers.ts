/** For people: `1,299`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}
