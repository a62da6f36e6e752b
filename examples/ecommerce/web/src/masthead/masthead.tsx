import { useLocation } from 'preact-iso';
import { isAdmin, mayBreak } from '../api/session.js';
import { pieces } from '../shop/basket.js';
import { counted } from '../words.js';
import { Bell } from './bell.js';
import { PersonMenu } from './person-menu.js';
import { ThemeSwitch } from './theme-switch.js';

/** The name of the shop, the ways through it, and what belongs to whoever is here. */
export function Masthead() {
  const { path } = useLocation();
  const inShop = path === '/' || path.startsWith('/products') || path === '/basket';
  return (
    <header class="masthead">
      <a class="wordmark" href="/">
        <img src="/favicon.svg" alt="" width="30" height="30" />
        The shop
      </a>
      <nav aria-label="Main">
        <Way to="/" name="Browse" here={inShop} />
        <Way to="/orders" name="Orders" here={path.startsWith('/orders')} />
        <Way to="/chat" name="Chat" here={path === '/chat'} />
        {isAdmin.value && <Way to="/admin" name="Admin" here={path.startsWith('/admin')} />}
        <Way to="/live" name="Live" here={path.startsWith('/live')} />
        {mayBreak.value && <Way to="/break" name="Break it" here={path === '/break'} />}
      </nav>
      <div class="tools">
        <ThemeSwitch />
        <Bell />
        <a class="button" href="/basket" aria-label={`Basket, ${counted(pieces.value, 'piece')}`}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M4 9h16l-1.6 9.2a2 2 0 0 1-2 1.8H7.6a2 2 0 0 1-2-1.8ZM8.5 9 11 4M15.5 9 13 4" />
          </svg>
          {pieces.value > 0 && <span class="count">{pieces}</span>}
        </a>
        <PersonMenu />
      </div>
    </header>
  );
}

function Way({ to, name, here }: { readonly to: string; readonly name: string; readonly here: boolean }) {
  return (
    <a href={to} aria-current={here ? 'page' : undefined}>
      {name}
    </a>
  );
}
