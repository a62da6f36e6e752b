import { implement, promiseClient } from 'grpc-js-middleware/promises';
import { TalkServiceClient, TalkServiceService } from './gen/ts-proto/talk.js';
import { capitals, talkOver, textsOf } from './talk.js';

export function main(): Promise<void> {
  const implementation = implement(TalkServiceService, {
    say: ({ text }) => ({ text: capitals(text) }),
    async *recite({ text }) {
      for (const word of text.split(' ')) yield { text: word };
    },
    async gather(lines) {
      const words: string[] = [];
      for await (const { text } of lines) words.push(text);
      return { text: words.join(' ') };
    },
    async *chat(lines) {
      for await (const { text } of lines) yield { text: capitals(text) };
    },
  });
  return talkOver(TalkServiceService, implementation, TalkServiceClient, (client) => {
    const talk = promiseClient(client);
    return {
      say: async (text) => (await talk.say({ text })).text,
      recite: (text) => textsOf(talk.recite({ text })),
      gather: async (texts) => (await talk.gather(texts.map((text) => ({ text })))).text,
      chat: (texts) => textsOf(talk.chat(texts.map((text) => ({ text })))),
    };
  });
}
