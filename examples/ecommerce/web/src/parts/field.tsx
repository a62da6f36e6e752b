import { cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';
import type { Refusal } from '../api/refusal.js';

interface FieldProps {
  readonly label: string;
  /** The field's name in the proto: what a refusal says about it stands below. */
  readonly name: string;
  readonly refusal?: Refusal | undefined;
  /** The input, select or textarea. */
  readonly children: VNode<Record<string, unknown>>;
}

/** One labelled input, and what the shop thinks of it. */
export function Field({ label, name, refusal, children }: FieldProps) {
  const id = useId();
  const wrong = refusal?.fields.get(name);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, {
        id,
        name,
        ...(wrong === undefined ? {} : { 'aria-invalid': 'true', 'aria-describedby': `${id}-wrong` }),
      })}
      {wrong !== undefined && (
        <span id={`${id}-wrong`} class="wrong">
          {wrong}
        </span>
      )}
    </div>
  );
}
