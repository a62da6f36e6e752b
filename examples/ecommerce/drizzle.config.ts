import { defineConfig } from 'drizzle-kit';

/** `npm run migration --workspace examples/ecommerce -- --name what_changes` writes the next migration. */
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/services/*/schema.ts', './src/idempotency/schema.ts', './src/ledger/schema.ts'],
  out: './drizzle',
});
