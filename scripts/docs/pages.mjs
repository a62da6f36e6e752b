import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The pages that people write, by their paths: those at the root but the changelog, and docs without the API reference. */
export function pages() {
  const isPage = (path) => path.endsWith('.md') && path !== 'CHANGELOG.md';
  const docs = readdirSync(`${root}docs`, { recursive: true }).filter(isPage);
  return [
    ...readdirSync(root).filter(isPage).sort(),
    ...docs
      .filter((path) => !path.startsWith('api/'))
      .map((path) => `docs/${path}`)
      .sort(),
  ];
}

/** Everything else that people read here. */
export function otherMarkdown() {
  const files = readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const examples = readdirSync(`${root}examples`).map((name) => `examples/${name}/README.md`);
  return [...files, ...examples];
}
