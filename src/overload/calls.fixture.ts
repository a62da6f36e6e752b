import { EchoRequest, type TestServer } from '../testing/index.js';
import { StatusError } from '../core/status-error.js';

export const kinds = ['unary', 'client_stream', 'server_stream', 'bidi_stream'] as const;
export type Kind = (typeof kinds)[number];

type Fields = Parameters<typeof EchoRequest.fromPartial>[0];
type Options = Parameters<TestServer['client']['echo']>[1];

/** Calls the method of this kind with one request, and reads it to its end. */
export async function call(
  client: TestServer['client'],
  kind: Kind,
  fields: Fields = {},
  options?: Options,
): Promise<void> {
  const request = EchoRequest.fromPartial(fields);
  if (kind === 'unary') await client.echo(request, options);
  if (kind === 'client_stream') await client.clientEcho([request], options);
  if (kind === 'server_stream') await readAll(client.serverEcho(request, options));
  if (kind === 'bidi_stream') await readAll(client.bidiEcho([request], options));
}

async function readAll(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

/** The error of a call that has to fail. */
export async function failureOf(running: Promise<unknown>): Promise<StatusError> {
  try {
    await running;
  } catch (error) {
    return StatusError.from(error);
  }
  throw new Error('the call did not fail');
}

/** A gate that handlers wait at: how many have come, and a way to let them go. */
export class Gate {
  private readonly waiting: (() => void)[] = [];
  private readonly watchers: { readonly count: number; readonly resolve: () => void }[] = [];
  private came = 0;

  /** For the handler: waits until it is let go. */
  readonly pass = async (): Promise<void> => {
    this.came++;
    for (const { count, resolve } of this.watchers) if (this.came >= count) resolve();
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  };

  /** Resolves when so many have come, in all. */
  arrived(count: number): Promise<void> {
    if (this.came >= count) return Promise.resolve();
    return new Promise((resolve) => this.watchers.push({ count, resolve }));
  }

  /** Lets the first of those that wait go. */
  open(): void {
    this.waiting.shift()?.();
  }
}
