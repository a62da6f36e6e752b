// Usage: time.js PATH: how long does it take to import this path once its dependencies are there? Prints JSON.
import { bundle } from './bundle.js';

const path = process.argv[2]!;
const { metafile } = await bundle(path, true);
for (const output of Object.values(metafile.outputs)) {
  for (const dependency of output.imports) await import(dependency.path);
}

const from = performance.now();
await import(path);
process.stdout.write(JSON.stringify({ ms: performance.now() - from }), () => process.exit(0));
