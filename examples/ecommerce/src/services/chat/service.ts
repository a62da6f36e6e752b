import { implement } from 'grpc-js-middleware/promises';
import { ChatServiceService, type ChatMessage } from '../../gen/chat/chat.js';
import { callingUser } from '../../identity/caller.js';
import { pageOf } from '../../paging.js';
import { Topic } from '../../streams/topic.js';
import type { ShopService } from '../shop-service.js';
import { Presence } from './presence.js';
import { ChatRepository, type StoredMessage } from './repository.js';
import { chatRules } from './rules.js';

/** A message as it travels between processes: dates become text on the way. */
type Announced = Omit<StoredMessage, 'createdAt'> & { readonly createdAt: string };

export const chatService: ShopService = {
  definition: ChatServiceService,
  rules: chatRules,

  implement({ database }) {
    const said = new Topic<Announced>(database, 'chat');
    const presence = new Presence();
    const repository = new ChatRepository(database.sql, (transaction, message) =>
      said.publish(transaction, message.roomId, { ...message, createdAt: message.createdAt.toISOString() }),
    );

    return implement(ChatServiceService, {
      async *joinRoom({ roomId }, call) {
        const user = callingUser(call);
        const messages = await said.subscribe(roomId, call);
        const leave = presence.enter(roomId, user);
        call.sendHeaders(); // the room may be silent: this says that the door is open
        try {
          for await (const { createdAt, ...message } of messages) {
            yield toMessage({ ...message, createdAt: new Date(createdAt) });
          }
        } finally {
          leave();
          messages.close();
        }
      },

      async sendMessage(messages, call) {
        const { id: userId } = callingUser(call);
        for await (const { roomId, message } of messages) await repository.say({ roomId, userId, message });
        return {};
      },

      async *getRoomHistory({ roomId, ...page }) {
        yield* (await repository.history(roomId, pageOf(page))).map(toMessage);
      },

      getOnlineUsers: ({ roomId }) => presence.in(roomId),
    });
  },
};

function toMessage({ createdAt, ...message }: StoredMessage): ChatMessage {
  return { ...message, timestamp: createdAt };
}
