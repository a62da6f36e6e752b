import { lazy, LocationProvider, Route, Router } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { resume } from './api/session.js';
import { Masthead } from './masthead/masthead.js';
import { Toasts } from './masthead/toasts.js';
import { Wire } from './masthead/wire-line.js';
import { NotFound } from './not-found.js';
import { Browse } from './shop/browse.js';

// What a visitor sees first comes first; the rest when somebody goes there.
const ProductPage = lazy(() => import('./shop/product-page.js'));
const BasketPage = lazy(() => import('./shop/basket-page.js'));
const OrdersPage = lazy(() => import('./orders/orders-page.js'));
const OrderPage = lazy(() => import('./orders/order-page.js'));
const ChatPage = lazy(() => import('./chat/chat-page.js'));
const AdminPage = lazy(() => import('./admin/admin-page.js'));
const LivePage = lazy(() => import('./live/live-page.js'));
const BreakPage = lazy(() => import('./break/break-page.js'));

export function App() {
  useEffect(() => void resume(), []);
  return (
    <LocationProvider>
      <a class="unseen" href="#main">
        Skip to the content
      </a>
      <Masthead />
      <Router onRouteChange={toTheTop}>
        <Route path="/" component={Browse} />
        <Route path="/products/:id" component={ProductPage} />
        <Route path="/basket" component={BasketPage} />
        <Route path="/orders" component={OrdersPage} />
        <Route path="/orders/:id" component={OrderPage} />
        <Route path="/chat" component={ChatPage} />
        <Route path="/admin/:part?/:id?" component={AdminPage} />
        <Route path="/live/:trace?" component={LivePage} />
        <Route path="/break" component={BreakPage} />
        <Route default component={NotFound} />
      </Router>
      <Wire />
      <Toasts />
    </LocationProvider>
  );
}

/** A new page begins at its top; a search that goes on in the same one does not move. */
function toTheTop(): void {
  scrollTo({ top: 0 });
}
