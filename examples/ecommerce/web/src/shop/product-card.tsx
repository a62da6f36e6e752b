import type { Product } from '../api/services.js';
import { ProductArt } from '../parts/product-art.js';
import { money } from '../words.js';

/** Few are few enough to say so. */
const FEW = 30;

/** A product on the shelf. */
export function ProductCard({ product }: { readonly product: Product }) {
  const { id, name, description, price, stock, category } = product;
  return (
    <li>
      <a class="card" href={`/products/${id}`}>
        <ProductArt id={id} category={category} />
        <strong>{name}</strong>
        <span class="soft">{description}</span>
        <span class="price">
          {money(price)}
          {stock === 0 && <span class="badge bad">Sold out</span>}
          {stock > 0 && stock < FEW && <span class="badge warn">{stock} left</span>}
        </span>
      </a>
    </li>
  );
}
