import { readPortOffset } from '../config.js';
import { askForBooks } from './ask.js';
import { isBalanced, renderBooks } from './books.js';

// npm run books: whether money, stock, orders and payments agree, in a shop that is open, or stopped, or was killed. The
// exit status is 0 if they do.

try {
  const place = { databaseUrl: process.env['DATABASE_URL'] || undefined, portOffset: readPortOffset(process.env) };
  const findings = await askForBooks(place);
  console.log(renderBooks(findings));
  process.exitCode = isBalanced(findings) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
