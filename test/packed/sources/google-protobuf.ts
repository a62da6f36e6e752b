// A definition in the style of grpc-tools: messages of google-protobuf with getters and setters, written by hand.
import {
  makeGenericClientConstructor,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type ChannelCredentials,
  type requestCallback,
} from '@grpc/grpc-js';
import jspb from 'google-protobuf';
import { implement, promiseClient } from 'grpc-js-middleware/promises';
import { capitals, talkOver } from './talk.js';

class Line {
  private text = '';

  getText(): string {
    return this.text;
  }

  setText(text: string): this {
    this.text = text;
    return this;
  }

  serializeBinary(): Uint8Array {
    const writer = new jspb.BinaryWriter();
    writer.writeString(1, this.text);
    return writer.getResultBuffer();
  }

  static deserializeBinary(bytes: Uint8Array): Line {
    const line = new Line();
    const reader = new jspb.BinaryReader(bytes);
    while (reader.nextField() && !reader.isEndGroup()) line.setText(reader.readString());
    return line;
  }
}

const serialize = (line: Line): Buffer => Buffer.from(line.serializeBinary());
const deserialize = (bytes: Buffer): Line => Line.deserializeBinary(new Uint8Array(bytes));

const method = <Requests extends boolean, Responses extends boolean>(
  name: string,
  requestStream: Requests,
  responseStream: Responses,
) => ({
  path: `/talk.v1.TalkService/${name}`,
  requestStream,
  responseStream,
  requestType: Line,
  responseType: Line,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

const TalkServiceService = {
  say: method('Say', false, false),
  recite: method('Recite', false, true),
  gather: method('Gather', true, false),
  chat: method('Chat', true, true),
};

interface TalkServiceClient extends Client {
  say(request: Line, callback: requestCallback<Line>): ClientUnaryCall;
  recite(request: Line): ClientReadableStream<Line>;
  gather(callback: requestCallback<Line>): ClientWritableStream<Line>;
  chat(): ClientDuplexStream<Line, Line>;
}

const TalkServiceClient = makeGenericClientConstructor(TalkServiceService, 'TalkService') as unknown as new (
  address: string,
  channelCredentials: ChannelCredentials,
  options?: ClientOptions,
) => TalkServiceClient;

const lineOf = (text: string): Line => new Line().setText(text);

async function* textsOf(lines: AsyncIterable<Line>): AsyncGenerator<string> {
  for await (const line of lines) yield line.getText();
}

export function main(): Promise<void> {
  const implementation = implement(TalkServiceService, {
    say: (line) => lineOf(capitals(line.getText())),
    async *recite(line) {
      for (const word of line.getText().split(' ')) yield lineOf(word);
    },
    async gather(lines) {
      const words: string[] = [];
      for await (const line of lines) words.push(line.getText());
      return lineOf(words.join(' '));
    },
    async *chat(lines) {
      for await (const line of lines) yield lineOf(capitals(line.getText()));
    },
  });
  return talkOver(TalkServiceService, implementation, TalkServiceClient, (client) => {
    const talk = promiseClient(client);
    return {
      say: async (text) => (await talk.say(lineOf(text))).getText(),
      recite: (text) => textsOf(talk.recite(lineOf(text))),
      gather: async (texts) => (await talk.gather(texts.map(lineOf))).getText(),
      chat: (texts) => textsOf(talk.chat(texts.map(lineOf))),
    };
  });
}
