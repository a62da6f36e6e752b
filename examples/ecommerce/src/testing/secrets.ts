import type { DescMessage } from '@bufbuild/protobuf';
import type { Interceptor } from '@grpc/grpc-js';
import { defineClientInterceptor } from 'grpc-js-middleware';
import { describeRpc } from './descriptors.js';

/** Overhears clients: which secrets they send, by what the protos mark with `debug_redact`, and what they are told. */
export class Eavesdropper {
  readonly secrets = new Set<string>();
  readonly told: string[] = [];

  readonly interceptor: Interceptor = defineClientInterceptor('eavesdropper', ({ service, name }) => {
    const { input } = describeRpc(`${service}/${name}`);
    return () => ({
      onRequest: (message) => this.listen(input, message as object),
      onResponse: (message) => void this.told.push(textOf(message)),
      onStatus: ({ details, metadata }) => void this.told.push(details, textOf(metadata.toJSON())),
    });
  });

  private listen(desc: DescMessage, message: object): void {
    for (const { localName, oneof, proto, message: inner } of desc.fields) {
      const holder = (oneof === undefined ? message : message[oneof.localName as never]) as Fields | undefined;
      const value = holder?.[localName];
      if (proto.options?.debugRedact === true) this.keep(String(value));
      else if (inner !== undefined && typeof value === 'object' && value !== null) this.listen(inner, value);
    }
  }

  /** As it was sent, and as a program would write it. Fewer than four characters are everywhere. */
  private keep(secret: string): void {
    for (const form of [secret, secret.replaceAll(/\W/g, '')]) if (form.length >= 4) this.secrets.add(form);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The secrets that stand in a text, as words of their own. */
export function leaksIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => {
    const pattern = secret.replaceAll(/[^\w\s]/g, '\\$&');
    return new RegExp(`(?<![\\w.-])${pattern}(?![\\w.-])`).test(text);
  });
}

/** Everything in a value that a person could read, bytes too. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}: ${textOf(each)}`)
    .join('\n');
}
