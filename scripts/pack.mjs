// Packs what would be published as `grpc-js-middleware.tgz`, which the steps after it look at. npm builds it first.
import { execSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
execSync('npm pack --silent', { cwd: root, stdio: 'inherit' });
renameSync(join(root, `${name}-${version}.tgz`), join(root, `${name}.tgz`));
