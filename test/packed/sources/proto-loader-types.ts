import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { implement, promiseClient } from 'grpc-js-middleware/promises';
import type { ProtoGrpcType } from './gen/proto-loader/talk.js';
import { capitals, talkOver, textsOf } from './talk.js';

export function main(): Promise<void> {
  const { TalkService } = (loadPackageDefinition(loadSync('talk.proto')) as unknown as ProtoGrpcType).talk.v1;
  const implementation = implement(TalkService.service, {
    say: ({ text = '' }) => ({ text: capitals(text) }),
    async *recite({ text = '' }) {
      for (const word of text.split(' ')) yield { text: word };
    },
    async gather(lines) {
      const words: string[] = [];
      for await (const { text = '' } of lines) words.push(text);
      return { text: words.join(' ') };
    },
    async *chat(lines) {
      for await (const { text = '' } of lines) yield { text: capitals(text) };
    },
  });
  return talkOver(TalkService.service, implementation, TalkService, (client) => {
    const talk = promiseClient(client);
    return {
      say: async (text) => (await talk.say({ text })).text ?? '',
      recite: (text) => textsOf(talk.recite({ text })),
      gather: async (texts) => (await talk.gather(texts.map((text) => ({ text })))).text ?? '',
      chat: (texts) => textsOf(talk.chat(texts.map((text) => ({ text })))),
    };
  });
}
