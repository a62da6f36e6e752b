import { useSignal } from '@preact/signals';
import { useLocation, useRoute } from 'preact-iso';
import type { Product } from '../api/services.js';
import { useCall } from '../api/use-call.js';
import { toast } from '../masthead/toast.js';
import { Field } from '../parts/field.js';
import { Notice } from '../parts/notice.js';
import { Page } from '../parts/page.js';
import { ProductArt } from '../parts/product-art.js';
import { categoryName, counted, money } from '../words.js';
import { add } from './basket.js';
import './product-page.css';

/** One product, and the way into the basket. */
export default function ProductPage() {
  const id = Number(useRoute().params['id']);
  const { answer, refusal } = useCall('ecommerce.ProductService/GetProduct', { id }).value;
  const product = answer?.product;
  return (
    <Page title={product?.name ?? 'Product'}>
      <Notice refusal={refusal} />
      {product && (
        <div class="product">
          <ProductArt id={product.id} category={product.category} />
          <div class="stack">
            <p class="lead">{product.description}</p>
            <p class="row">
              <a class="chip" href={`/?category=${product.category}`}>
                {categoryName(product.category)}
              </a>
              {product.tags.map((tag) => (
                <a key={tag} class="chip" href={`/?q=${encodeURIComponent(tag)}`}>
                  {tag}
                </a>
              ))}
            </p>
            <p class="amount">{money(product.price)}</p>
            <p class="soft">{product.stock > 0 ? `${counted(product.stock, 'piece')} in stock` : 'Sold out'}</p>
            <IntoTheBasket product={product} />
          </div>
        </div>
      )}
    </Page>
  );
}

function IntoTheBasket({ product }: { readonly product: Product }) {
  const { route } = useLocation();
  const quantity = useSignal(1);
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        add(product, quantity.value);
        toast('In the basket', `${quantity.value} × ${product.name}`);
      }}
    >
      <Field label="Quantity" name="quantity">
        <input
          type="number"
          class="quantity"
          min="1"
          value={quantity}
          onInput={(event) => (quantity.value = event.currentTarget.valueAsNumber || 1)}
        />
      </Field>
      <button class="primary" disabled={product.stock === 0}>
        Put into the basket
      </button>
      <button
        type="button"
        disabled={product.stock === 0}
        onClick={() => {
          add(product, quantity.value);
          route('/basket');
        }}
      >
        Buy now
      </button>
    </form>
  );
}
