// npm leaves a package of another platform out of package-lock.json when the registry at hand does not serve it, and then
// `npm ci` calls the lock incomplete. This writes the missing entries, from the names and versions that their parents give.
// Run it after `npm install` where `npm ci` complains of "Missing: … from lock file".
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'openharmony', 'aix'];
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'loong64', 'ppc64', 'riscv64', 's390x', 'mips64el', 'wasm32'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;

/** Whether a package is found from where another one stands, as Node would. */
function resolves(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

let added = 0;
for (const [path, parent] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    if (resolves(path, name)) continue;
    const words = name.split('/').at(-1).split('-');
    const os = OS.filter((each) => words.includes(each));
    const cpu = CPU.filter((each) =>
      words.some((word) => word === each || (each === 'arm' && word.startsWith('armv'))),
    );
    const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : os[0] === 'linux' ? ['glibc'] : [];
    packages[`node_modules/${name}`] = {
      version: range.replace(/^[~^]/, ''),
      ...(cpu.length > 0 && { cpu: cpu.slice(0, 1) }),
      ...(parent.dev && { dev: true }),
      ...(libc.length > 0 && words.some((word) => /gnu|musl/.test(word)) && { libc }),
      license: parent.license,
      optional: true,
      ...(os.length > 0 && { os: os.slice(0, 1) }),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
