import { implement } from 'grpc-js-middleware/promises';
import { errors } from '../../errors.js';
import { UserServiceService, type ChatMessage, type User } from '../../gen/user/user.js';
import { once } from '../../idempotency/once.js';
import { callingUser } from '../../identity/caller.js';
import { pageOf } from '../../paging.js';
import { Topic } from '../../streams/topic.js';
import { takeUpload } from '../../streams/upload.js';
import type { ShopService } from '../shop-service.js';
import { UserRepository, type StoredUser } from './repository.js';
import { userRules } from './rules.js';

/** Everybody who chats hears the same. */
const EVERYBODY = 0;

export const userService: ShopService = {
  definition: UserServiceService,
  rules: userRules,

  implement({ database }) {
    const repository = new UserRepository(database.sql);
    const chat = new Topic<ChatMessage>(database, 'user_chat');

    return implement(UserServiceService, {
      async getUser({ id }) {
        return { user: toUser(existing(await repository.find(id), id)) };
      },

      async createUser(request, call) {
        const id = await once(database.sql, call, async (transaction) => {
          const [created] = await new UserRepository(transaction).create([request]);
          return created!.id;
        });
        return { user: toUser(existing(await repository.find(id), id)) };
      },

      async updateUser({ id, ...fields }) {
        return { user: toUser(existing(await repository.update(id, fields), id)) };
      },

      async deleteUser({ id }, call) {
        await once(database.sql, call, async (transaction) => {
          if (!(await new UserRepository(transaction).remove(id))) throw errors.USER_NOT_FOUND({ id });
          return id;
        });
        return { success: true };
      },

      async *listUsers(request) {
        yield* (await repository.list(pageOf(request))).map(toUser);
      },

      async createUsers(requests, call) {
        const fields = await takeUpload(requests);
        call.signal.throwIfAborted();
        const created = await repository.create(fields);
        return { users: created.map(toUser), count: created.length };
      },

      async *chatWithUsers(messages, call) {
        const { id: userId } = callingUser(call);
        const heard = await chat.subscribe(EVERYBODY, call);
        const speaking = speak(messages, (message) =>
          chat.publish(database.sql, EVERYBODY, { ...message, userId, timestamp: Math.floor(Date.now() / 1000) }),
        );
        // Whoever has said all still hears what was said till then, the own words last.
        void speaking.finally(() => heard.finish()).catch(() => undefined);
        try {
          yield* heard;
          await speaking;
        } finally {
          heard.close();
        }
      },
    });
  },
};

async function speak(
  messages: AsyncIterable<ChatMessage>,
  say: (message: ChatMessage) => Promise<void>,
): Promise<void> {
  for await (const message of messages) await say(message);
}

function existing(user: StoredUser | undefined, id: number): StoredUser {
  if (user === undefined) throw errors.USER_NOT_FOUND({ id });
  return user;
}

function toUser({ createdAt, ...user }: StoredUser): User {
  return { ...user, createdAt: Math.floor(createdAt.getTime() / 1000) };
}
