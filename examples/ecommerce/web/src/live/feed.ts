import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LiveSnapshot } from '../../../src/gateway/contract.js';

/** The newest news of the services. */
export const snapshot = signal<LiveSnapshot | undefined>(undefined);

/** Whether news come in at the moment. */
export const listening = signal(false);

const viewers = signal(0);
const visible = signal(!document.hidden);
document.addEventListener('visibilitychange', () => (visible.value = !document.hidden));

// The services measure only while somebody listens, so nobody listens who does not look.
effect(() => {
  if (viewers.value === 0 || !visible.value) return;
  const source = new EventSource('/api/live');
  source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
    listening.value = true;
    snapshot.value = JSON.parse(data) as LiveSnapshot;
  });
  source.addEventListener('error', () => (listening.value = false)); // it tries again by itself
  return () => {
    source.close();
    listening.value = false;
  };
});

/** Listens for as long as the component is there. */
export function useLive(): void {
  useEffect(() => {
    viewers.value++;
    return () => void viewers.value--;
  }, []);
}
