import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChatMessage } from '../../gen/chat/chat.js';
import { collect } from '../../streams/collect.js';
import { refusal, refusals, violationsOf } from '../../testing/refusals.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { chatMessages } from './schema.js';
import { eventually } from '../../../../../test/support/until.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

function saying(roomId: string, message: string): ChatMessage {
  return { id: 0, roomId, userId: 999, message, timestamp: undefined };
}

/** Joins, and waits until the door is open. */
async function join(clients: TestShop['ada'], roomId: string) {
  let stream: AsyncIterableIterator<ChatMessage> | undefined;
  await new Promise<void>((resolve) => {
    stream = clients.chat.joinRoom({ roomId }, { onHeaders: () => resolve() });
    void stream.next().then((first) => firsts.set(stream!, first));
  });
  return stream!;
}
const firsts = new Map<AsyncIterableIterator<ChatMessage>, IteratorResult<ChatMessage>>();

const online = async (roomId: string) => collect(shop.ada.chat.getOnlineUsers({ roomId }));

test('what is said in a room is heard there, and nowhere else; the server knows who said it', async () => {
  const here = await join(shop.grace, 'here');
  const there = await join(shop.grace, 'there');

  await shop.ada.chat.sendMessage([saying('here', 'Hello'), saying('here', 'Anybody?')]);
  await eventually(() => expect(firsts.get(here)).toBeDefined());

  expect(firsts.get(here)!.value).toMatchObject({
    roomId: 'here',
    userId: 1,
    message: 'Hello',
    timestamp: expect.any(Date) as Date,
  });
  expect((await here.next()).value).toMatchObject({ message: 'Anybody?' });
  expect(firsts.get(there)).toBeUndefined();
  await Promise.all([here.return?.(), there.return?.()]);
});

test('who listens is online, once, however many windows, until all are closed', async () => {
  const [one, two, other] = [
    await join(shop.grace, 'room'),
    await join(shop.grace, 'room'),
    await join(shop.ada, 'room'),
  ];

  expect(await online('room')).toEqual([
    { id: 2, name: 'Grace Hopper' },
    { id: 1, name: 'Ada Lovelace' },
  ]);
  await Promise.all([one.return?.(), other.return?.()]);
  await eventually(async () => expect(await online('room')).toEqual([{ id: 2, name: 'Grace Hopper' }]));
  await two.return?.();
  await eventually(async () => expect(await online('room')).toEqual([]));
});

test('the history has the newest first, page by page', async () => {
  await shop.ada.chat.sendMessage(['1', '2', '3'].map((message) => saying('history', message)));
  const page = async (number: number) =>
    (await collect(shop.grace.chat.getRoomHistory({ roomId: 'history', page: number, pageSize: 2 }))).map(
      ({ message }) => message,
    );

  expect(await page(1)).toEqual(['3', '2']);
  expect(await page(2)).toEqual(['1']);
});

test('strangers do not chat, nor do services, who are nobody', async () => {
  const attempts = [
    collect(shop.stranger.chat.joinRoom({ roomId: 'a' })),
    shop.stranger.chat.sendMessage([saying('a', 'b')]),
    collect(shop.stranger.chat.getOnlineUsers({ roomId: 'a' })),
    collect(shop.stranger.chat.getRoomHistory({ roomId: 'a', page: 0, pageSize: 0 })),
  ];

  for (const error of await refusals(attempts)) expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
});

test('bad input is refused, and what was said before it stands', async () => {
  const before = await shop.database.sql.$count(chatMessages);
  const { chat } = shop.ada;

  expect(await violationsOf(chat.sendMessage([saying('', '\u0000')]))).toEqual(['room_id', 'message']);
  expect(await violationsOf(chat.sendMessage([saying('x', 'y'.repeat(1_000_000))]))).toEqual(['message']);
  expect(await violationsOf(collect(chat.joinRoom({ roomId: 'x'.repeat(101) })))).toEqual(['room_id']);
  expect(await violationsOf(collect(chat.getOnlineUsers({ roomId: '' })))).toEqual(['room_id']);
  const page = { roomId: '', page: -1, pageSize: 101 };
  expect(await violationsOf(collect(chat.getRoomHistory(page)))).toEqual(['room_id', 'page', 'page_size']);
  expect(await shop.database.sql.$count(chatMessages)).toBe(before);

  expect(await refusal(chat.sendMessage([saying('x', 'said'), saying('x', '')]))).toMatchObject({ code: 3 });
  expect(await shop.database.sql.$count(chatMessages)).toBe(before + 1);
});
