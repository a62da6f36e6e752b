// Run by `npm version`, before anything else: what stands under Unreleased in the changelog becomes the section of the
// version.
import { readFileSync, writeFileSync } from 'node:fs';

const version = process.env.npm_new_version;
const unreleased = '## [Unreleased]\n';
const [before, after] = readFileSync('CHANGELOG.md', 'utf8').split(unreleased);

if (after === undefined || /^\s*(## |$)/.test(after)) {
  console.error('CHANGELOG.md has nothing under Unreleased: nothing to release');
  process.exit(1);
}
const date = new Date().toISOString().slice(0, 10);
writeFileSync('CHANGELOG.md', `${before}${unreleased}\n## [${version}] - ${date}\n${after}`);
