import { useSignal } from '@preact/signals';
import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import type { Category } from '../api/services.js';
import { useStream } from '../api/use-call.js';
import { Notice } from '../parts/notice.js';
import { Page } from '../parts/page.js';
import { CATEGORIES, CATEGORY_NAMES, counted } from '../words.js';
import { ProductCard } from './product-card.js';
import './browse.css';

/** A pause in typing that is long enough to mean it. */
const PAUSE_MS = 120;

/** The catalogue: what fits the search and the category, shown as the stream brings it. The address says both. */
export function Browse() {
  const { query, route } = useLocation();
  const text = query['q'] ?? '';
  const category = (query['category'] ?? 'PRODUCT_CATEGORY_UNSPECIFIED') as Category;
  const { messages, open, refusal } = useStream('ecommerce.ProductService/SearchProducts', {
    query: text,
    category,
  }).value;
  return (
    <Page
      title="The shop"
      lead="Everyday things, served by a handful of gRPC services. Each card arrives as a message."
    >
      <search class="finder">
        <SearchBox text={text} onSearch={(q) => route(addressOf(q, category), true)} />
        <nav aria-label="Categories">
          <CategoryLink text={text} chosen={category} name="Everything" category="PRODUCT_CATEGORY_UNSPECIFIED" />
          {CATEGORY_NAMES.map((known) => (
            <CategoryLink key={known} text={text} chosen={category} name={CATEGORIES[known]} category={known} />
          ))}
        </nav>
      </search>
      <p class="found soft" role="status">
        {open ? 'Looking…' : told(messages.length, text)}
      </p>
      <Notice refusal={refusal} />
      <ul class="shelf">
        {messages.map((product) => (
          <ProductCard key={product.id} product={product} />
        ))}
      </ul>
    </Page>
  );
}

function told(count: number, text: string): string {
  return text === '' ? counted(count, 'product') : `${counted(count, 'product')} with “${text}”`;
}

function addressOf(text: string, category: Category): string {
  const query = new URLSearchParams();
  if (text !== '') query.set('q', text);
  if (category !== 'PRODUCT_CATEGORY_UNSPECIFIED') query.set('category', category);
  return query.size === 0 ? '/' : `/?${query}`;
}

function SearchBox({ text, onSearch }: { readonly text: string; readonly onSearch: (text: string) => void }) {
  const typed = useSignal(text);
  useEffect(() => {
    if (typed.value === text) return;
    // Somebody may have followed a link meanwhile: they are not called back.
    const pause = setTimeout(() => location.pathname === '/' && onSearch(typed.value), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [typed.value]);
  return (
    <input
      type="search"
      aria-label="Search products"
      placeholder="Search for wool, light, laptop…"
      value={typed}
      onInput={(event) => (typed.value = event.currentTarget.value)}
    />
  );
}

interface CategoryLinkProps {
  readonly name: string;
  readonly category: Category;
  readonly chosen: Category;
  readonly text: string;
}

function CategoryLink({ name, category, chosen, text }: CategoryLinkProps) {
  return (
    <a class="chip" href={addressOf(text, category)} aria-current={category === chosen ? 'true' : undefined}>
      {name}
    </a>
  );
}
