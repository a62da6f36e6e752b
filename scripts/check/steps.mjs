// What has to hold, each step a claim that can be read alone.
//
// - `command` runs in the first tier, before a change lands; a step without one is left to `--all`.
// - `all` is what `--all` runs instead of it: every combination, longer seeds, ten storms.
// - `needs` is the claim whose step makes the files that this one looks at: it is run with it.

const PACKED = 'The package builds, with types';

const LIBRARY = "--exclude 'examples/**' --exclude 'benchmarks/**'";

const SHOP = 'node scripts/with-shop.mjs';
const ON_POSTGRES = 'node scripts/with-postgres.mjs';
const JOURNEY = 'npm run --silent journey --';
const STORM = 'npm run --silent storm --';
const TEN_TIMES = 'node scripts/check/repeat.mjs 10';

/** The steps by group: each is a job of its own in CI. */
const groups = {
  code: [
    { claim: 'Generated code is up to date', command: 'node scripts/generate.mjs --check' },
    { claim: 'Sources are linted, formatted, and written in plain words', command: 'npm run --silent lint' },
    { claim: 'Types hold', command: 'npm run --silent typecheck' },
    { claim: 'Protos follow the rules', command: 'npx buf lint && npx buf lint examples/ecommerce' },
  ],
  package: [
    { claim: PACKED, command: 'node scripts/pack.mjs' },
    {
      claim: 'The exports of the package suit ES modules and CommonJS',
      command: 'npx publint --strict grpc-js-middleware.tgz',
      needs: PACKED,
    },
    {
      // `node10`, left out, is a resolution that reads no `exports`: it cannot find any subpath of any package.
      claim: 'The types of the package suit ES modules and CommonJS',
      command: 'npx attw --profile node16 --format table-flipped grpc-js-middleware.tgz',
      needs: PACKED,
    },
    {
      claim: 'The package works in fresh projects',
      command: 'npx vitest run --config test/packed/vitest.config.ts',
      needs: PACKED,
    },
  ],
  pages: [
    {
      claim: 'Pages show the code and the figures that they are made of',
      command: 'npm run --silent embed -- --check',
    },
    {
      claim: 'Pages are whole: their code compiles and prints what they say, and their links lead somewhere',
      command: 'node scripts/ensure-built.mjs && node scripts/docs/check.mjs',
    },
    {
      claim: 'Every export explains itself: what it is, its units, defaults and errors',
      command: 'node scripts/docs/check-reference.mjs',
    },
  ],
  tests: [
    { claim: 'Tests pass', command: 'npm test', all: 'CHECK_TIER=all npm test' },
    {
      claim: 'Clients that break HTTP/2 keep nothing of a server',
      command: 'npm run --silent fuzz:http2 -- --seconds 60',
    },
  ],
  versions: [
    {
      claim: 'Tests of the library pass on the lowest supported grpc-js',
      all: `GRPC_JS=grpc-js-lowest npx vitest run ${LIBRARY} && GRPC_JS=grpc-js-lowest node scripts/test-on.mjs 22 24`,
    },
    { claim: 'Tests of the library pass on Node 22 and 24', all: 'node scripts/test-on.mjs 22 24' },
  ],
  shop: [
    {
      claim: 'A fleet shares limits and idempotency keys on real servers of Redis and PostgreSQL',
      command: 'REQUIRE_STORES=1 npx vitest run src/redis src/postgres',
    },
    { claim: 'The tests of the shop pass on PostgreSQL', all: 'npm run --silent test:postgres' },
    {
      claim: 'The shop opens, and its customers get what they came for',
      command: 'npm start --silent -- --once',
      all: `npm start --silent -- --once && ${ON_POSTGRES} npm start --silent -- --once --processes`,
    },
    { claim: 'The page of the shop works in a browser', all: 'npm run --silent test:page' },
    {
      claim: 'The shop works over mutual TLS',
      command: 'npm start --silent -- --once --memory --tls',
      all:
        'npm start --silent -- --once --memory --tls && ' +
        `${ON_POSTGRES} npm start --silent -- --once --processes --tls`,
    },
    { claim: 'Dashboards, alert rules and metric names of the shop hold', command: 'npm run --silent check:ops' },
  ],
  failures: [
    {
      claim: 'Customers do not notice service replicas that hang or die',
      command: `${SHOP} --memory -- ${JOURNEY} --chaos`,
    },
    {
      claim: 'Customers do not notice service processes that hang or die',
      all: `${ON_POSTGRES} ${SHOP} --processes -- ${JOURNEY} --chaos`,
    },
    {
      claim: 'Customers do not notice service replicas that hang or die behind mutual TLS',
      all: `${SHOP} --memory --tls -- ${JOURNEY} --tls --chaos`,
    },
    {
      claim: 'Customers do not notice service processes that hang or die behind mutual TLS',
      all: `${ON_POSTGRES} ${SHOP} --processes --tls -- ${JOURNEY} --tls --chaos`,
    },
    {
      claim: 'No order is lost or made twice when the order service dies',
      command: `${SHOP} --memory -- ${STORM}`,
      all: `${TEN_TIMES} ${SHOP} --memory -- ${STORM} && ${SHOP} --memory --tls -- ${STORM} --tls`,
    },
    {
      claim: 'No order is lost or made twice when one of several order processes is killed',
      all:
        `${TEN_TIMES} ${ON_POSTGRES} ${SHOP} --processes --order-processes 3 -- ${STORM} --order-processes 3 && ` +
        `${ON_POSTGRES} ${SHOP} --processes --order-processes 3 --tls -- ${STORM} --order-processes 3 --tls`,
    },
  ],
};

export const groupNames = Object.keys(groups);

/** Every step with the name of its group, in the order in which they run. */
export const steps = Object.entries(groups).flatMap(([group, own]) => own.map((step) => ({ group, ...step })));
