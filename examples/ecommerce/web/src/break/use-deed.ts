import { useSignal } from '@preact/signals';
import { Refusal } from '../api/refusal.js';
import { mark } from './effects.js';

/** Does something to the shop, and marks it on the charts; `refusal` says why it could not be done. */
export function useDeed() {
  const refusal = useSignal<Refusal | undefined>(undefined);
  const attempt = (what: string, deed: Promise<void>) => {
    refusal.value = undefined;
    deed.then(
      () => mark(what),
      (error: unknown) => (refusal.value = Refusal.from(error)),
    );
  };
  return { attempt, refusal: refusal.value };
}
