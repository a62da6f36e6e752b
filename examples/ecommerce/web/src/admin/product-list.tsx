import { useSignal } from '@preact/signals';
import { call } from '../api/call.js';
import { Refusal } from '../api/refusal.js';
import type { Product } from '../api/services.js';
import { useStream } from '../api/use-call.js';
import { Notice } from '../parts/notice.js';
import { categoryName, money } from '../words.js';

/** The catalogue as those see it who keep it. */
export function ProductList() {
  const version = useSignal(0);
  const failed = useSignal<Refusal | undefined>(undefined);
  const { messages, refusal } = useStream('ecommerce.ProductService/ListProducts', { all: true }, version.value).value;
  const remove = ({ id }: Product) => {
    call('ecommerce.ProductService/DeleteProduct', { id }).then(
      () => version.value++,
      (error: unknown) => (failed.value = Refusal.from(error)),
    );
  };
  return (
    <div class="stack">
      <div>
        <a class="button primary" href="/admin/products/new">
          Add a product
        </a>
      </div>
      <Notice refusal={failed.value ?? refusal} />
      <div class="sheet scroll" tabIndex={0} role="region" aria-label="Products">
        <table>
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col">Category</th>
              <th scope="col" class="number">
                Price
              </th>
              <th scope="col" class="number">
                Stock
              </th>
              <td />
            </tr>
          </thead>
          <tbody>
            {messages.map((product) => (
              <tr key={product.id}>
                <td>
                  <a href={`/admin/products/${product.id}`}>{product.name}</a>
                </td>
                <td>{categoryName(product.category)}</td>
                <td class="number">{money(product.price)}</td>
                <td class="number">{product.stock}</td>
                <td class="number">
                  <button class="small danger" aria-label={`Delete ${product.name}`} onClick={() => remove(product)}>
                    Delete
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
