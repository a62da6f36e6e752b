import type { ATTEMPTS_HEADER, CallError, REPLICA_HEADER, StreamLine } from '../../../src/gateway/contract.js';
import { readLines } from './lines.js';
import { Refusal } from './refusal.js';
import type { AnswerRpc, RequestOf, ResponseOf, StreamRpc } from './services.js';
import { lastPassage } from './wire.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The same key is acted on once, however often it is sent. */
  readonly idempotencyKey?: string;
}

/**
 * Asks, and waits for the answer.
 *
 * @throws {Refusal} when the shop refuses, or does not answer
 */
export async function call<Rpc extends AnswerRpc>(
  rpc: Rpc,
  request: RequestOf<Rpc>,
  options: CallOptions = {},
): Promise<ResponseOf<Rpc>> {
  const response = await send(rpc, request, options);
  return (await response.json()) as ResponseOf<Rpc>;
}

/**
 * Asks, and hands over each message as it arrives. Leaving the loop hangs up.
 *
 * @throws {Refusal} when the shop refuses, at once or in the middle
 */
export async function* stream<Rpc extends StreamRpc>(
  rpc: Rpc,
  request: RequestOf<Rpc>,
  options: CallOptions = {},
): AsyncGenerator<ResponseOf<Rpc>> {
  const response = await send(rpc, request, options);
  for await (const text of readLines(response.body!)) {
    const line = JSON.parse(text) as StreamLine<ResponseOf<Rpc>>;
    if ('message' in line) yield line.message;
    else if ('error' in line) throw refused(rpc, line.error);
    else return note({ rpc, ...line.end, code: 'OK' });
  }
  throw Refusal.from(undefined); // the shop went away in the middle
}

async function send(rpc: string, request: unknown, { signal, idempotencyKey }: CallOptions): Promise<Response> {
  const response = await fetch(`/api/rpc/${rpc}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify(request),
    signal: signal ?? null,
  }).catch((error: unknown) => {
    throw signal?.aborted ? error : Refusal.from(error);
  });
  const replica = response.headers.get('x-shop-replica' satisfies typeof REPLICA_HEADER) ?? '';
  const attempts = Number(response.headers.get('x-shop-attempts' satisfies typeof ATTEMPTS_HEADER) ?? 1);
  if (response.ok) {
    note({ rpc, replica, attempts, code: 'OK' });
    return response;
  }
  const refusal = await Refusal.of(response);
  note({ rpc, replica, attempts, code: refusal.status.code });
  throw refusal;
}

function refused(rpc: string, error: CallError): Refusal {
  note({ rpc, replica: '', attempts: 1, code: error.code });
  return new Refusal(error);
}

function note(passage: NonNullable<typeof lastPassage.value>): void {
  lastPassage.value = passage;
}
