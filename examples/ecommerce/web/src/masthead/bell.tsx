import { me } from '../api/session.js';
import { dateOf } from '../words.js';
import { news, unread } from './news.js';
import './bell.css';

/** Notifications, as they come. */
export function Bell() {
  if (!me.value) return null;
  return (
    <>
      <button popovertarget="news" aria-label={`Notifications, ${unread.value} new`}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15ZM10 20.5a2.2 2.2 0 0 0 4 0" />
        </svg>
        {unread.value > 0 && <span class="count">{unread}</span>}
      </button>
      <div id="news" class="news" popover onToggle={() => (unread.value = 0)}>
        <h2>Notifications</h2>
        {news.value.length === 0 && <p class="soft">Nothing yet. Orders and payments are told here.</p>}
        <ul>
          {news.value.map(({ id, title, message, createdAt }) => (
            <li key={id}>
              <strong>{title}</strong>
              <span>{message}</span>
              <small class="soft">{dateOf(createdAt)}</small>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}
