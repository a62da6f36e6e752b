import { useSignal } from '@preact/signals';
import { session } from '../api/session.js';
import { useWrite } from '../api/use-write.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';

/** Tells a customer something: it appears at their bell at once. */
export function SendNews() {
  const { send, mended } = useWrite('ecommerce.NotificationService/SendNotification');
  const told = useSignal('');
  const tell = async (values: FormData) => {
    const userId = Number(textOf(values, 'user_id'));
    await send({
      userId,
      type: 'NOTIFICATION_TYPE_OFFER',
      title: textOf(values, 'title'),
      message: textOf(values, 'message'),
    });
    told.value = `Told ${session.value.people.find((person) => person.userId === userId)?.name ?? 'them'}.`;
  };
  return (
    <div class="sheet editor stack" onInput={mended}>
      <Form action="Send" onSubmit={tell}>
        {(refusal) => (
          <>
            <Field label="To" name="user_id" refusal={refusal}>
              <select>
                {session.value.people.map(({ userId, name }) => (
                  <option key={userId} value={userId}>
                    {name}
                  </option>
                ))}
              </select>
            </Field>
            <Field label="Title" name="title" refusal={refusal}>
              <input />
            </Field>
            <Field label="Message" name="message" refusal={refusal}>
              <textarea rows={3} />
            </Field>
          </>
        )}
      </Form>
      <p role="status">{told}</p>
    </div>
  );
}
