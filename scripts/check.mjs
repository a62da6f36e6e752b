// Everything that has to hold before a change lands, each step a plain claim. `npm run check -- NAME …` runs only the
// steps whose claim contains one of the words.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const steps = [
  ['Generated code is up to date', 'node scripts/generate.mjs --check'],
  ['Sources are linted and formatted', 'npm run --silent lint'],
  ['Types hold', 'npm run --silent typecheck'],
  ['The package builds, with types', 'node scripts/pack.mjs'],
  ['The exports of the package suit both module systems', 'npx publint --strict grpc-js-middleware.tgz'],
  // `node10`, left out, is a resolution that reads no `exports`: it cannot find any subpath of any package.
  ['The types of the package do, too', 'npx attw --profile node16 --format table-flipped grpc-js-middleware.tgz'],
  ['The package works in fresh projects', 'npx vitest run --config test/packed/vitest.config.ts'],
  ['Pages show the code and figures that they are made of', 'npm run --silent embed -- --check'],
  [
    'Pages are whole: their code compiles and prints what they say, links lead somewhere',
    'node scripts/ensure-built.mjs && node scripts/docs/check.mjs',
  ],
  ['Every export explains itself: what it is, its units, defaults and errors', 'node scripts/docs/check-reference.mjs'],
  ['Protos follow the rules', 'npx buf lint && npx buf lint examples/ecommerce'],
  ['Tests pass', 'npm test'],
  [
    'The lowest supported grpc-js does too',
    'GRPC_JS=grpc-js-lowest npx vitest run src/core src/promises src/resolver src/health src/lifecycle test/four test/grpc',
  ],
  ['Tests of the library pass on Node 22 and 24', 'node scripts/test-on.mjs 22 24'],
  ['The shop is the same on PostgreSQL', 'npm run --silent test:postgres'],
  ['The shop opens, and customers get what they came for', 'npm start --silent -- --once'],
  ['The page works in a browser', 'npm run --silent test:page'],
  ['So they do when everybody shows certificates', 'npm start --silent -- --once --memory --tls'],
  [
    'They do not notice replicas that hang and die',
    'node scripts/with-shop.mjs --memory -- npm run --silent journey -- --chaos',
  ],
  [
    'Nor processes that do',
    'node scripts/with-postgres.mjs node scripts/with-shop.mjs --processes -- npm run --silent journey -- --chaos',
  ],
  [
    'No order is lost or made twice when the order service dies',
    'node scripts/with-shop.mjs --memory -- npm run --silent storm',
  ],
  [
    'Nor when one of several order processes is killed',
    'node scripts/with-postgres.mjs node scripts/with-shop.mjs --processes --order-processes 3 -- npm run --silent storm -- --order-processes 3',
  ],
  ['Dashboards, alert rules and metric names hold', 'npm run --silent check:ops'],
];

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = steps.filter(
  ([claim]) => words.length === 0 || words.some((word) => claim.toLowerCase().includes(word)),
);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Out of the range from which Linux takes ports for outgoing connections: one of those might have ours. */
const env = { SHOP_PORT_OFFSET: '12000', ...process.env };

for (const [claim, command] of chosen) {
  const started = Date.now();
  console.log(`\n▶ ${claim}: ${command}`);
  const { status } = spawnSync(command, { cwd: root, env, shell: true, stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`✖ ${claim}: failed after ${seconds} s`);
    process.exit(status ?? 1);
  }
  console.log(`✔ ${claim} (${seconds} s)`);
}
console.log(`\n✔ ${chosen.length} of ${chosen.length} steps hold`);
