/** The lines of an exposition that begin with this name, without comments, sorted. */
export function linesOf(exposition: string, name: string): string[] {
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .toSorted();
}

/** The value of the one line of this name that has all these labels; 0 when there is none. */
export function valueOf(exposition: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const found = linesOf(exposition, name).filter((line) => wanted.every((label) => line.includes(label)));
  if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} is ambiguous: ${found.join('\n')}`);
  return found.length === 0 ? 0 : Number(/\} ([^ ]+)/.exec(found[0]!)![1]);
}

/** The sum of all lines of this name that have all these labels. */
export function sumOf(exposition: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return linesOf(exposition, name)
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(/\} ([^ ]+)/.exec(line)![1]), 0);
}
