import { stream } from './call.js';
import type { RequestOf, ResponseOf, StreamRpc } from './services.js';
import { isAborted, Refusal } from './refusal.js';

const AGAIN_MS = 1_000;

/**
 * Follows a stream that never ends, and picks it up again when the replica behind it goes away. The request is made
 * anew each time, so that it can say what has been seen.
 *
 * @returns what hangs up
 */
export function follow<Rpc extends StreamRpc>(
  rpc: Rpc,
  request: () => RequestOf<Rpc>,
  onMessage: (message: ResponseOf<Rpc>) => void,
  onRefusal: (refusal: Refusal | undefined) => void = () => undefined,
): () => void {
  const hangUp = new AbortController();
  const { signal } = hangUp;
  const attempt = async (): Promise<void> => {
    try {
      for await (const message of stream(rpc, request(), { signal })) {
        onRefusal(undefined);
        onMessage(message);
      }
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      const refusal = Refusal.from(error);
      onRefusal(refusal);
      if (refusal.status.code === 'UNAVAILABLE') setTimeout(() => void attempt(), AGAIN_MS);
    }
  };
  void attempt();
  return () => hangUp.abort();
}
