import { useSignal } from '@preact/signals';
import type { Order } from '../api/services.js';
import { useStream } from '../api/use-call.js';
import { useWrite } from '../api/use-write.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';
import { Notice } from '../parts/notice.js';
import { money } from '../words.js';

/** Gives the money back, or some of it; the shop refuses more than was paid. */
export function RefundForm({ order }: { readonly order: Order }) {
  const { send, mended } = useWrite('ecommerce.PaymentService/RefundPayment');
  const done = useSignal('');
  const history = useStream('ecommerce.PaymentService/GetPaymentHistory', {
    userId: order.userId,
    pageSize: 100,
  }).value;
  const payment = history.messages.find(
    ({ orderId, status }) => orderId === order.id && status === 'PAYMENT_STATUS_COMPLETED',
  );
  const refund = async (values: FormData) => {
    done.value = '';
    const amount = Number(textOf(values, 'amount'));
    await send({ paymentId: payment!.id, amount, reason: textOf(values, 'reason') });
    done.value = `${money(amount)} went back.`;
  };
  return (
    <section class="sheet stack" aria-label="Refund" onInput={mended}>
      <h2>Refund</h2>
      <Notice refusal={history.refusal} />
      <Form action="Refund" onSubmit={refund} disabled={!payment}>
        {(refusal) => (
          <>
            <Field label="Amount" name="amount" refusal={refusal}>
              <input type="number" step="0.01" defaultValue={String(order.totalAmount)} />
            </Field>
            <Field label="Reason" name="reason" refusal={refusal}>
              <input />
            </Field>
          </>
        )}
      </Form>
      <p role="status">{done}</p>
    </section>
  );
}
