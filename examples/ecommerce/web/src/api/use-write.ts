import { useRef } from 'preact/hooks';
import { call } from './call.js';
import { Refusal } from './refusal.js';
import type { AnswerRpc, RequestOf, ResponseOf } from './services.js';

/** After these nobody knows whether it was done. */
const UNDECIDED = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNKNOWN', 'CANCELLED', 'INTERNAL'];

export interface Write<Rpc extends AnswerRpc> {
  readonly send: (request: RequestOf<Rpc>) => Promise<ResponseOf<Rpc>>;
  /** What is sent next is meant as something else. */
  readonly mended: () => void;
}

/**
 * A call that must not happen twice. Until its answer is here every try goes under the same idempotency key, so that
 * what is pressed twice, or again after a lost answer, happens once.
 */
export function useWrite<Rpc extends AnswerRpc>(rpc: Rpc): Write<Rpc> {
  const key = useRef<string | undefined>(undefined);
  const mended = () => void (key.current = undefined);
  return {
    mended,
    async send(request) {
      key.current ??= crypto.randomUUID();
      try {
        const answer = await call(rpc, request, { idempotencyKey: key.current });
        mended();
        return answer;
      } catch (error) {
        if (!UNDECIDED.includes(Refusal.from(error).status.code)) mended();
        throw error;
      }
    },
  };
}
