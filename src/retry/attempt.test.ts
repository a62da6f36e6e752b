import { expect, test } from 'vitest';
import { Attempt, type AttemptOwner } from './attempt.js';
import { ReplayBuffer } from './replay-buffer.js';

test('a layer below that acknowledges twice, or too late, moves nothing', () => {
  const buffer = new ReplayBuffer();
  for (const message of [1, 2, 3]) buffer.push(message, {});
  const accepted: number[] = [];
  const sent: { message: unknown; acknowledge: () => void }[] = [];
  const owner = { buffer, streamsIn: true, onAccepted: (_: Attempt, position: number) => accepted.push(position) };
  const call = {
    sendMessageWithContext: ({ callback }: { callback: () => void }, message: unknown) =>
      sent.push({ message, acknowledge: callback }),
  };
  const attempt = new Attempt(owner as unknown as AttemptOwner, 1, call as never);
  attempt.pump();
  attempt.pump();
  expect(sent.map(({ message }) => message)).toEqual([1]);
  sent[0]!.acknowledge();
  sent[0]!.acknowledge();
  expect(sent.map(({ message }) => message)).toEqual([1, 2]);
  attempt.end();
  sent[1]!.acknowledge();
  expect(sent).toHaveLength(2);
  expect(accepted).toEqual([0]);
});
