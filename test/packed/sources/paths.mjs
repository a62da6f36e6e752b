// Which paths of the package cannot be loaded in this project, one by one, and why.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const name = 'grpc-js-middleware';

for (const path of Object.keys(require(`${name}/package.json`).exports)) {
  if (path === './package.json') continue;
  const specifier = name + path.slice(1);
  await import(specifier).catch(({ message }) => console.log(`import ${specifier}: ${message.split('\n')[0]}`));
  try {
    require(specifier);
  } catch ({ message }) {
    console.log(`require ${specifier}: ${message.split('\n')[0]}`);
  }
}
