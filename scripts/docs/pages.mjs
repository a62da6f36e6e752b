import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The pages of the documentation that people write, by their paths: the README and docs, without the generated API reference. */
export function pages() {
  const docs = readdirSync(`${root}docs`, { recursive: true }).filter((path) => path.endsWith('.md'));
  return [
    'README.md',
    ...docs
      .filter((path) => !path.startsWith('api/'))
      .map((path) => `docs/${path}`)
      .sort(),
  ];
}
