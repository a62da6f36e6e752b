import { ChatServiceService } from '../../gen/chat/chat.js';
import { pageRules } from '../../paging.js';
import { rulesFor, text } from '../../rules.js';

const room = (value: string) => text('room_id', value, { max: 100 });

export const chatRules = rulesFor(ChatServiceService, {
  joinRoom: ({ roomId }) => [room(roomId)],
  sendMessage: ({ roomId, message }) => [room(roomId), text('message', message, { max: 500 })],
  getRoomHistory: (request) => [room(request.roomId), ...pageRules(request)],
  getOnlineUsers: ({ roomId }) => [room(roomId)],
});
