import { useRoute } from 'preact-iso';
import { isAdmin } from '../api/session.js';
import { Page } from '../parts/page.js';
import { AllOrders } from './all-orders.js';
import { DashboardView } from './dashboard.js';
import { ProductEditor } from './product-editor.js';
import { ProductList } from './product-list.js';
import { SendNews } from './send-news.js';
import './admin-page.css';

const PARTS = { '': 'Dashboard', products: 'Products', orders: 'Orders', news: 'Notifications' } as const;

/** For those who run the shop. */
export default function AdminPage() {
  const { part = '', id } = useRoute().params;
  if (!isAdmin.value)
    return <Page title="Admin" lead="Only for those who run the shop: sign in as one." children={null} />;
  return (
    <Page title="Admin">
      <nav class="parts" aria-label="Admin">
        {Object.entries(PARTS).map(([path, name]) => (
          <a key={path} class="chip" href={`/admin/${path}`} aria-current={path === part ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      {part === '' && <DashboardView />}
      {part === 'products' && (id === undefined ? <ProductList /> : <ProductEditor key={id} id={Number(id) || 0} />)}
      {part === 'orders' && <AllOrders />}
      {part === 'news' && <SendNews />}
    </Page>
  );
}
