import { useLocation } from 'preact-iso';
import type { Refusal } from '../api/refusal.js';
import { me } from '../api/session.js';
import { useWrite } from '../api/use-write.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';
import { Page } from '../parts/page.js';
import { ProductArt } from '../parts/product-art.js';
import { money } from '../words.js';
import { basket, empty, setQuantity, total, type Line } from './basket.js';
import './basket-page.css';

/** What is to be ordered, and where it goes. */
export default function BasketPage() {
  if (basket.value.length === 0) {
    return (
      <Page title="Basket" lead="It is empty.">
        <a class="button primary" href="/">
          Look around
        </a>
      </Page>
    );
  }
  return (
    <Page title="Basket">
      <OrderForm />
    </Page>
  );
}

function OrderForm() {
  const { route } = useLocation();
  const { send, mended } = useWrite('ecommerce.OrderService/CreateOrder');
  const order = async (values: FormData) => {
    const items = basket.value.map(({ productId, quantity }) => ({ productId, quantity }));
    const { order: made } = await send({ userId: me.value?.userId ?? 0, items, shippingAddress: addressOf(values) });
    empty();
    route(`/orders/${made!.id}`);
  };
  return (
    <div onInput={mended}>
      <Form action={`Order for ${money(total.value)}`} onSubmit={order} disabled={!me.value}>
        {(refusal) => (
          <div class="checkout">
            <ul class="sheet lines">
              {basket.value.map((line, index) => (
                <LineOfBasket key={line.productId} line={line} index={index} refusal={refusal} onChange={mended} />
              ))}
              <li class="sum">
                <span>Total</span>
                <span>{money(total.value)}</span>
              </li>
            </ul>
            <fieldset class="sheet form">
              <legend class="unseen">Shipping address</legend>
              <h2>Where to</h2>
              <AddressFields refusal={refusal} />
              {!me.value && <p class="notice good">Sign in at the top right to order: one click, no password.</p>}
            </fieldset>
          </div>
        )}
      </Form>
    </div>
  );
}

interface LineOfBasketProps {
  readonly line: Line;
  readonly index: number;
  readonly refusal: Refusal | undefined;
  readonly onChange: () => void;
}

function LineOfBasket({ line, index, refusal, onChange }: LineOfBasketProps) {
  const { productId, name, price, category, quantity } = line;
  return (
    <li>
      <ProductArt id={productId} category={category} />
      <a href={`/products/${productId}`}>{name}</a>
      <Field label="Quantity" name={`items[${index}].quantity`} refusal={refusal}>
        <input
          type="number"
          class="quantity"
          aria-label={`Quantity of ${name}`}
          min="1"
          value={quantity}
          onInput={(event) => setQuantity(productId, event.currentTarget.valueAsNumber || 1)}
        />
      </Field>
      <span class="number">{money(price * quantity)}</span>
      <button
        type="button"
        class="plain small"
        aria-label={`Remove ${name}`}
        onClick={() => {
          onChange();
          setQuantity(productId, 0);
        }}
      >
        ✕
      </button>
    </li>
  );
}

function AddressFields({ refusal }: { readonly refusal: Refusal | undefined }) {
  return (
    <>
      <Field label="Street" name="shipping_address.street" refusal={refusal}>
        <input autoComplete="street-address" />
      </Field>
      <div class="pair">
        <Field label="Postal code" name="shipping_address.zip_code" refusal={refusal}>
          <input autoComplete="postal-code" />
        </Field>
        <Field label="City" name="shipping_address.city" refusal={refusal}>
          <input autoComplete="address-level2" />
        </Field>
      </div>
      <div class="pair">
        <Field label="State (if any)" name="shipping_address.state" refusal={refusal}>
          <input autoComplete="address-level1" />
        </Field>
        <Field label="Country" name="shipping_address.country" refusal={refusal}>
          <input autoComplete="country-name" />
        </Field>
      </div>
    </>
  );
}

function addressOf(values: FormData) {
  const field = (name: string) => textOf(values, `shipping_address.${name}`);
  return {
    street: field('street'),
    city: field('city'),
    state: field('state'),
    zipCode: field('zip_code'),
    country: field('country'),
  };
}
