import { UserServiceService } from '../../gen/user/user.js';
import { pageRules } from '../../paging.js';
import { id, rulesFor, text } from '../../rules.js';

export const userRules = rulesFor(UserServiceService, {
  getUser: (request) => [id('id', request.id)],
  createUser: fieldRules,
  createUsers: fieldRules,
  updateUser: (request) => [id('id', request.id), ...fieldRules(request)],
  deleteUser: (request) => [id('id', request.id)],
  listUsers: pageRules,
  chatWithUsers: (request) => [text('message', request.message, { max: 500 })],
});

function fieldRules({ name, email }: { readonly name: string; readonly email: string }) {
  return [text('name', name, { max: 200 }), emailRule(email)];
}

/** What an address has to look like; whether it exists, only a letter to it can tell. */
function emailRule(email: string) {
  const wrong = email.length > 254 || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@.\p{Cc}]+$/u.test(email);
  return wrong ? { field: 'email', description: 'must be an e-mail address' } : undefined;
}
