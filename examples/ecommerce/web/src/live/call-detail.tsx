import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CallDetail as Detail } from '../../../src/gateway/contract.js';
import { isAborted, Refusal } from '../api/refusal.js';
import { Notice } from '../parts/notice.js';
import { Chain } from './chain.js';
import { Waterfall } from './waterfall.js';
import './call-detail.css';

interface CallDetailProps {
  readonly traceId: string;
  readonly onClose: () => void;
}

/** Everything that is known of one call: its spans, interceptors, status and lines of the log. */
export function CallDetail({ traceId, onClose }: CallDetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { detail, refusal } = useDetail(traceId);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="detail" ref={dialog} aria-label="Call" onClose={onClose}>
      <header class="row">
        <h2>{detail?.spans[0]?.name ?? 'Call'}</h2>
        <code class="soft">{traceId}</code>
        <button class="small" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <Notice refusal={refusal} />
      {detail && (
        <div class="stack">
          <StatusOf status={detail.status} />
          <Waterfall spans={detail.spans} />
          <Chain links={detail.chain} />
          <Lines lines={detail.lines} />
        </div>
      )}
    </dialog>
  );
}

function StatusOf({ status }: { readonly status: Detail['status'] }) {
  if (!('message' in status)) {
    return (
      <p>
        <span class="badge good">OK</span>
      </p>
    );
  }
  return (
    <section class="stack" aria-label="Status">
      <p>
        <span class="badge bad">{status.code}</span> {status.message}
      </p>
      {status.details.map((detail, index) => (
        <pre key={index} tabIndex={0}>
          {JSON.stringify(detail, undefined, 2)}
        </pre>
      ))}
    </section>
  );
}

function Lines({ lines }: { readonly lines: Detail['lines'] }) {
  return (
    <section aria-label="Log">
      <h3>Log</h3>
      {lines.length === 0 && <p class="soft">No line names this trace.</p>}
      {lines.map((line, index) => (
        <pre key={index} tabIndex={0}>
          {JSON.stringify(line)}
        </pre>
      ))}
    </section>
  );
}

function useDetail(traceId: string) {
  const state = useSignal<{ readonly detail?: Detail; readonly refusal?: Refusal }>({});
  useEffect(() => {
    const leave = new AbortController();
    const look = async () => {
      const response = await fetch(`/api/live/calls/${encodeURIComponent(traceId)}`, { signal: leave.signal });
      if (!response.ok) throw await Refusal.of(response);
      state.value = { detail: (await response.json()) as Detail };
    };
    look().catch((error: unknown) => {
      if (!isAborted(error)) state.value = { refusal: Refusal.from(error) };
    });
    return () => leave.abort();
  }, [traceId]);
  return state.value;
}
