import { useSignal } from '@preact/signals';
import type { Fault } from '../../../src/gateway/contract.js';
import { clearFaults, setFault } from '../api/break.js';
import type { AnswerRpc, StreamRpc } from '../api/services.js';
import { Field } from '../parts/field.js';
import { Notice } from '../parts/notice.js';
import { milliseconds, percent } from '../words.js';
import { useDeed } from './use-deed.js';

/** Those whose failing is most worth watching. */
const METHODS: readonly (AnswerRpc | StreamRpc)[] = [
  'ecommerce.ProductService/GetProduct',
  'ecommerce.ProductService/SearchProducts',
  'ecommerce.OrderService/CreateOrder',
  'ecommerce.OrderService/GetOrder',
  'ecommerce.PaymentService/ProcessPayment',
  'user.UserService/GetUser',
];

/** Makes a method slow, or fail. */
export function FaultControls({ faults }: { readonly faults: readonly Fault[] }) {
  const { attempt, refusal } = useDeed();
  const method = useSignal<string>(METHODS[0]!);
  const latencyMs = useSignal(200);
  const errorRate = useSignal(0.3);
  const apply = () => {
    const fault = { method: method.value, latencyMs: latencyMs.value, errorRate: errorRate.value };
    attempt(`faulty ${method.value.split('/')[1]}`, setFault(fault));
  };
  return (
    <section class="sheet stack" aria-label="Faults">
      <h2>Faults</h2>
      <Field label="Method" name="method" refusal={refusal}>
        <select value={method} onChange={(event) => (method.value = event.currentTarget.value)}>
          {METHODS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field label={`Slower by ${milliseconds(latencyMs.value)}`} name="latencyMs" refusal={refusal}>
        <input
          type="range"
          max="3000"
          step="50"
          value={latencyMs}
          onInput={(event) => (latencyMs.value = event.currentTarget.valueAsNumber)}
        />
      </Field>
      <Field label={`${percent(errorRate.value)} fail with UNAVAILABLE`} name="errorRate" refusal={refusal}>
        <input
          type="range"
          max="1"
          step="0.05"
          value={errorRate}
          onInput={(event) => (errorRate.value = event.currentTarget.valueAsNumber)}
        />
      </Field>
      <div class="row">
        <button class="danger" onClick={apply}>
          Apply
        </button>
        {faults.length > 0 && <button onClick={() => attempt('faults end', clearFaults())}>Mend all</button>}
      </div>
      <ul>
        {faults.map((fault) => (
          <li key={fault.method}>
            <small>
              {fault.method}: {milliseconds(fault.latencyMs)} slower, {percent(fault.errorRate)} fail
            </small>
          </li>
        ))}
      </ul>
      <Notice refusal={refusal} />
    </section>
  );
}
