import { loadPackageDefinition, type GrpcObject, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { implement, promiseClient } from 'grpc-js-middleware/promises';
import { capitals, talkOver, textsOf } from './talk.js';

interface Line {
  text: string;
}

export function main(): Promise<void> {
  const { talk } = loadPackageDefinition(loadSync('talk.proto'));
  const TalkService = ((talk as GrpcObject).v1 as GrpcObject).TalkService as ServiceClientConstructor;
  const implementation = implement(TalkService.service, {
    say: ({ text }: Line) => ({ text: capitals(text) }),
    async *recite({ text }: Line) {
      for (const word of text.split(' ')) yield { text: word };
    },
    async gather(lines: AsyncIterable<Line>) {
      const words: string[] = [];
      for await (const { text } of lines) words.push(text);
      return { text: words.join(' ') };
    },
    async *chat(lines: AsyncIterable<Line>) {
      for await (const { text } of lines) yield { text: capitals(text) };
    },
  });
  return talkOver(TalkService.service, implementation, TalkService, (client) => {
    const calls = promiseClient(client);
    return {
      say: async (text) => ((await calls.say!({ text })) as Line).text,
      recite: (text) => textsOf(calls.recite!({ text }) as AsyncIterable<Line>),
      gather: async (texts) => ((await calls.gather!(texts.map((text) => ({ text })))) as Line).text,
      chat: (texts) => textsOf(calls.chat!(texts.map((text) => ({ text }))) as AsyncIterable<Line>),
    };
  });
}
