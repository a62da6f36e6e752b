import { parseArgs } from 'node:util';
import { Issuer, type Role } from './identity/issuer.js';
import { PEOPLE } from './identity/people.js';

// npm run token -- --user 1 --role customer: a token for one's own calls.

const USAGE = 'npm run token -- --user 1 --role customer|admin';

try {
  console.log(await tokenFor(process.argv.slice(2)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 1;
}

async function tokenFor(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: { user: { type: 'string', default: '1' }, role: { type: 'string', default: 'customer' } },
  });
  const userId = Number(values.user);
  if (!Number.isInteger(userId) || userId < 1) throw new Error(`--user must be the id of a user, not ${values.user}.`);
  if (!isRole(values.role)) throw new Error(`--role must be customer or admin, not ${values.role}.`);
  const issuer = await Issuer.fromFile();
  return issuer.token({ userId, role: values.role, email: PEOPLE.find((each) => each.userId === userId)?.email });
}

function isRole(role: string): role is Exclude<Role, 'service'> {
  return role === 'customer' || role === 'admin';
}
