import { useSignal } from '@preact/signals';
import type { Refusal } from '../api/refusal.js';
import type { Order, Payment } from '../api/services.js';
import { session } from '../api/session.js';
import { useWrite } from '../api/use-write.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';
import { money } from '../words.js';

type Method = Payment['method'];

const METHODS = {
  PAYMENT_METHOD_CREDIT_CARD: 'Card',
  PAYMENT_METHOD_PAYPAL: 'PayPal',
  PAYMENT_METHOD_BANK_TRANSFER: 'Bank transfer',
  PAYMENT_METHOD_DIGITAL_WALLET: 'Wallet',
} as const satisfies Partial<Record<Method, string>>;

const CARD: Method = 'PAYMENT_METHOD_CREDIT_CARD';

/** Pays an order. What is typed here goes into this form's request, and nowhere else. */
export function PaymentForm({ order }: { readonly order: Order }) {
  const { send, mended } = useWrite('ecommerce.PaymentService/ProcessPayment');
  const method = useSignal<Method>(CARD);
  const declined = useSignal('');
  const pay = async (values: FormData) => {
    declined.value = '';
    const { success, message } = await send({
      orderId: order.id,
      amount: order.totalAmount,
      method: method.value,
      ...(method.value === CARD && {
        cardNumber: textOf(values, 'card_number'),
        expiryDate: textOf(values, 'expiry_date'),
        cvv: textOf(values, 'cvv'),
      }),
    });
    if (!success) declined.value = `${message}. Nothing was charged; another card may do.`;
  };
  return (
    <section class="sheet stack" aria-label="Payment" onInput={mended}>
      <h2>Pay</h2>
      <Form action={`Pay ${money(order.totalAmount)}`} onSubmit={pay}>
        {(refusal) => (
          <>
            <Field label="With" name="method" refusal={refusal}>
              <select value={method} onChange={(event) => (method.value = event.currentTarget.value as Method)}>
                {Object.entries(METHODS).map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </select>
            </Field>
            {method.value === CARD && <CardFields refusal={refusal} />}
          </>
        )}
      </Form>
      <div role="alert">{declined.value && <p class="notice">{declined}</p>}</div>
    </section>
  );
}

/** Any card may be typed; the test cards fill themselves in. */
function CardFields({ refusal }: { readonly refusal: Refusal | undefined }) {
  const { cards } = session.value;
  const chosen = useSignal(cards[0]?.number ?? '');
  return (
    <>
      <fieldset class="cards">
        <legend>A test card, and what it does</legend>
        {cards.map(({ number, label, outcome }) => (
          <label key={number}>
            <input
              type="radio"
              name="test-card"
              value={number}
              checked={chosen.value === number}
              onChange={() => (chosen.value = number)}
            />
            {label}
            <small>{outcome}</small>
          </label>
        ))}
      </fieldset>
      <Field label="Card number" name="card_number" refusal={refusal}>
        <input key={chosen.value} defaultValue={chosen.value} inputMode="numeric" autoComplete="off" />
      </Field>
      <div class="pair">
        <Field label="Expires (MM/YY)" name="expiry_date" refusal={refusal}>
          <input defaultValue="12/34" autoComplete="off" />
        </Field>
        <Field label="CVV" name="cvv" refusal={refusal}>
          <input defaultValue="123" inputMode="numeric" autoComplete="off" />
        </Field>
      </div>
    </>
  );
}
