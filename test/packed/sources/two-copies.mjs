// The library twice in one process: `import` loads the ES modules, `require` the CommonJS ones.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { status } from '@grpc/grpc-js';
import * as one from 'grpc-js-middleware';
import { identityOf as oneIdentityOf, authServerInterceptor, definePolicy, allow } from 'grpc-js-middleware/auth';
import { EchoRequest, collect, startTestServer } from 'grpc-js-middleware/testing';

const require = createRequire(import.meta.url);
const other = require('grpc-js-middleware');
const otherAuth = require('grpc-js-middleware/auth');
const otherTesting = require('grpc-js-middleware/testing');

assert.notEqual(other.StatusError, one.StatusError, 'they are two');

const error = new one.ValidationError('id', 'ID must be positive');
assert.ok(error instanceof other.ValidationError && error instanceof other.StatusError);
assert.ok(other.isStatusError(error) && other.StatusError.from(error) === error);
assert.ok(new other.BusinessError('GONE', 'Gone') instanceof one.BusinessError);
assert.ok(!(new other.StatusError(status.ABORTED, 'x') instanceof one.BusinessError));

const ann = { subject: 'ann', scheme: 'test', roles: [], scopes: [], claims: {} };
const ends = [];
const ending = (library, name) =>
  library.defineServerInterceptor(name, () => () => ({ onEnd: ({ code }) => ends.push(`${name} ${code}`) }));
const found = [];
const find = (call) => {
  found.push(oneIdentityOf(call), otherAuth.identityOf(call));
  found.push(one.currentCall() === call, other.currentCall() === call);
};
const { client, close } = await startTestServer({
  interceptors: [
    ending(one, 'one'),
    ending(other, 'other'),
    one.errorServerInterceptor(),
    other.errorServerInterceptor(),
    authServerInterceptor({ authenticate: () => ann, policy: definePolicy({ '*': allow.authenticated }) }),
  ],
  implementation: other.implement(otherTesting.EchoServiceService, {
    echo: (request, call) => (find(call), request),
    async *serverEcho(request, call) {
      find(call);
      yield request;
    },
    async clientEcho(requests, call) {
      find(call);
      for await (const request of requests) return request;
    },
    async *bidiEcho(requests) {
      for await (const { text } of requests) throw new one.BusinessError('REFUSED', text);
    },
  }),
});
const request = EchoRequest.create({ text: 'a' });
assert.equal((await client.echo(request)).text, 'a');
assert.equal((await collect(client.serverEcho(request))).length, 1);
assert.equal((await client.clientEcho([request])).text, 'a');
await assert.rejects(
  collect(client.bidiEcho([request])),
  (e) => e instanceof other.BusinessError && e.reason === 'REFUSED',
);
await close();
assert.deepEqual(found, Array(3).fill([ann, ann, true, true]).flat());
assert.deepEqual(ends.toSorted(), [
  ...['one 0', 'one 0', 'one 0', 'one 9'],
  ...['other 0', 'other 0', 'other 0', 'other 9'],
]);
console.log('two copies: all hold');
