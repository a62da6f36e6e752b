import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Refusal } from '../api/refusal.js';
import { Notice } from './notice.js';

interface FormProps {
  /** On the button. */
  readonly action: string;
  readonly onSubmit: (values: FormData) => Promise<void>;
  /** The fields, which are told what is wrong with them. */
  readonly children: (refusal: Refusal | undefined) => ComponentChildren;
  readonly disabled?: boolean;
}

/** A form that sends once at a time, and shows what the shop finds wrong: the server alone decides what is right. */
export function Form({ action, onSubmit, children, disabled = false }: FormProps) {
  const refusal = useSignal<Refusal | undefined>(undefined);
  const busy = useSignal(false);
  const submit = async (form: HTMLFormElement) => {
    if (busy.peek() || disabled) return;
    busy.value = true;
    refusal.value = undefined;
    try {
      await onSubmit(new FormData(form));
    } catch (error) {
      refusal.value = Refusal.from(error);
      if (refusal.value.fields.size > 0) focusFirstWrong(form);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      {children(refusal.value)}
      <Notice refusal={refusal.value} />
      <div class="row">
        {/* Stays focusable while it waits, so that the keyboard does not lose its place. */}
        <button class="primary" aria-disabled={busy.value || disabled}>
          {busy.value ? 'One moment…' : action}
        </button>
      </div>
    </form>
  );
}

/** After the refusal is drawn. */
function focusFirstWrong(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
}

/** What stands in a field, as text. */
export function textOf(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}
