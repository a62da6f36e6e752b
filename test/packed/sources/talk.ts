// What the programs beside this file share: a server with interceptors of many paths, a client with some of its own, and
// the calls that are made whatever tool the definition came from.
import assert from 'node:assert/strict';
import {
  Server,
  ServerCredentials,
  credentials,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { StatusError, ValidationError, errorServerInterceptor } from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy, jwtAuthenticator } from 'grpc-js-middleware/auth';
import { deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { errorClientInterceptor } from 'grpc-js-middleware/errors';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { concurrencyLimitServerInterceptor } from 'grpc-js-middleware/overload';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';

/** The four calls, without what the tool made of messages. */
export interface Talk {
  say(text: string): Promise<string>;
  recite(text: string): AsyncIterable<string>;
  gather(texts: string[]): Promise<string>;
  chat(texts: string[]): AsyncIterable<string>;
}

const authenticate = jwtAuthenticator({
  issuer: 'https://issuer.example',
  audience: 'talk',
  algorithms: ['HS256'],
  keys: { secret: 'thirty-two bytes, or a few more of them' },
});

type ClientClass<C extends Client> = new (
  address: string,
  channelCredentials: ChannelCredentials,
  options?: ClientOptions,
) => C;

/** Serves the talk, calls it in all four ways, and closes both. */
export async function talkOver<C extends Client>(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  ClientClass: ClientClass<C>,
  talkOf: (client: C) => Talk,
): Promise<void> {
  const lines: object[] = [];
  const log = (fields: object): void => void lines.push(fields);
  const server = new Server({
    interceptors: [
      loggingServerInterceptor({ logger: { trace: log, debug: log, info: log, warn: log, error: log } }),
      errorServerInterceptor(),
      deadlineServerInterceptor({ defaultMs: 5000 }),
      concurrencyLimitServerInterceptor({ max: 10 }),
      authServerInterceptor({ authenticate, policy: definePolicy({ '*': allow.anyone }) }),
      validationServerInterceptor({ rules: { 'talk.v1.TalkService/Say': () => [] } }),
    ],
  });
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new ClientClass(`127.0.0.1:${port}`, credentials.createInsecure(), {
    interceptors: [
      errorClientInterceptor(),
      retryClientInterceptor({ maxAttempts: 2, initialBackoffMs: 1, maxBackoffMs: 1, retryableStatusCodes: [14] }),
    ],
  });
  await callAll(talkOf(client));
  client.close();
  server.forceShutdown();
  assert.equal(lines.length, 5);
}

async function callAll(talk: Talk): Promise<void> {
  assert.equal(await talk.say('hello'), 'HELLO');
  assert.deepEqual(await all(talk.recite('one two')), ['one', 'two']);
  assert.equal(await talk.gather(['one', 'two']), 'one two');
  assert.deepEqual(await all(talk.chat(['one', 'two'])), ['ONE', 'TWO']);
  await assert.rejects(talk.say(''), (error: unknown) => {
    assert.ok(error instanceof StatusError && error instanceof ValidationError);
    assert.deepEqual(error.violations, [{ field: 'text', description: 'must not be empty' }]);
    return true;
  });
}

async function all(texts: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const text of texts) list.push(text);
  return list;
}

/** `text` of every message. */
export async function* textsOf(messages: AsyncIterable<{ text?: string }>): AsyncGenerator<string> {
  for await (const { text = '' } of messages) yield text;
}

/** In capitals, or refused when there is nothing to say. */
export function capitals(text: string): string {
  if (text === '') throw new ValidationError('text', 'must not be empty');
  return text.toUpperCase();
}
