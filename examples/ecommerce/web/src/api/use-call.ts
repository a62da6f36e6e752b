import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, stream } from './call.js';
import { isAborted, Refusal } from './refusal.js';
import type { AnswerRpc, RequestOf, ResponseOf, StreamRpc } from './services.js';

export interface Asked<Message> {
  /** Of another question than the last, until the first answer to that one is here. */
  readonly answer: Message | undefined;
  readonly refusal: Refusal | undefined;
}

export interface Streamed<Message> {
  readonly messages: readonly Message[];
  /** The stream is still open. */
  readonly open: boolean;
  readonly refusal: Refusal | undefined;
}

/** The answer to a question, asked again whenever the question changes. `undefined` asks nothing. */
export function useCall<Rpc extends AnswerRpc>(
  rpc: Rpc,
  request: RequestOf<Rpc> | undefined,
  again: unknown = undefined,
): ReadonlySignal<Asked<ResponseOf<Rpc>>> {
  const asked = useSignal<Asked<ResponseOf<Rpc>>>({ answer: undefined, refusal: undefined });
  useEffect(() => {
    if (request === undefined) return;
    const hangUp = new AbortController();
    call(rpc, request, { signal: hangUp.signal }).then(
      (answer) => (asked.value = { answer, refusal: undefined }),
      (error: unknown) => {
        if (!isAborted(error)) asked.value = { answer: undefined, refusal: Refusal.from(error) };
      },
    );
    return () => hangUp.abort();
  }, [rpc, JSON.stringify(request), again]);
  return asked;
}

/** The messages of a stream as they arrive; it is hung up when nobody looks any more. `undefined` asks nothing. */
export function useStream<Rpc extends StreamRpc>(
  rpc: Rpc,
  request: RequestOf<Rpc> | undefined,
  again: unknown = undefined,
): ReadonlySignal<Streamed<ResponseOf<Rpc>>> {
  const streamed = useSignal<Streamed<ResponseOf<Rpc>>>({ messages: [], open: true, refusal: undefined });
  useEffect(() => {
    if (request === undefined) return;
    const hangUp = new AbortController();
    streamed.value = { messages: [], open: true, refusal: undefined };
    const follow = async () => {
      const messages: ResponseOf<Rpc>[] = [];
      for await (const message of stream(rpc, request, { signal: hangUp.signal })) {
        messages.push(message);
        streamed.value = { messages: [...messages], open: true, refusal: undefined };
      }
      streamed.value = { messages, open: false, refusal: undefined };
    };
    follow().catch((error: unknown) => {
      if (isAborted(error)) return;
      streamed.value = { ...streamed.peek(), open: false, refusal: Refusal.from(error) };
    });
    return () => hangUp.abort();
  }, [rpc, JSON.stringify(request), again]);
  return streamed;
}
