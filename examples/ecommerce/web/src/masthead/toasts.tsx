import { toasts } from './toast.js';

/** What the shop says while one does something else. */
export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map(({ id, title, text }) => (
        <div class="toast" key={id}>
          <strong>{title}</strong>
          <span>{text}</span>
        </div>
      ))}
    </div>
  );
}
