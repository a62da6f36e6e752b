import { useRef } from 'preact/hooks';
import { me, session, signIn, signOut } from '../api/session.js';
import './person-menu.css';

/** Signing in as one of the seeded people: an example has no passwords. */
export function PersonMenu() {
  const menu = useRef<HTMLDivElement>(null);
  const become = async (whoever: Promise<void>) => {
    await whoever;
    menu.current?.hidePopover();
  };
  return (
    <>
      <button class="who" popovertarget="people">
        <span>{me.value?.name ?? 'Sign in'}</span>
      </button>
      <div id="people" class="people" popover ref={menu}>
        <h2>Sign in as</h2>
        <ul>
          {session.value.people.map((person) => (
            <li key={person.userId}>
              <button
                class="plain"
                aria-pressed={person.userId === me.value?.userId}
                onClick={() => void become(signIn(person.userId))}
              >
                <span class="face" aria-hidden="true">
                  {person.name[0]}
                </span>
                <span>
                  {person.name}
                  <small>{person.role === 'admin' ? 'Runs the shop' : 'Customer'}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        {me.value && (
          <button class="small" onClick={() => void become(signOut())}>
            Sign out
          </button>
        )}
      </div>
    </>
  );
}
