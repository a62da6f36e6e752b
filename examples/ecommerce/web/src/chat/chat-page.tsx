import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call, stream } from '../api/call.js';
import { follow } from '../api/follow.js';
import type { Refusal } from '../api/refusal.js';
import type { ChatMessage } from '../api/services.js';
import { me, session } from '../api/session.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';
import { Notice } from '../parts/notice.js';
import { Page } from '../parts/page.js';
import { timeOf } from '../words.js';
import './chat-page.css';

const ROOMS = ['lobby', 'repairs', 'recipes'];

/** No conversation on the page grows for ever. */
const KEPT = 200;

/** Talking with whoever else is here: one's own words come back over the same stream as everybody's. */
export default function ChatPage() {
  const room = useSignal(ROOMS[0]!);
  if (!me.value) return <Page title="Chat" lead="Sign in at the top right to join in." children={null} />;
  return (
    <Page title="Chat" lead="A server stream brings what is said; what you say goes out as a client stream.">
      <div class="row rooms" role="group" aria-label="Rooms">
        {ROOMS.map((name) => (
          <button key={name} aria-pressed={name === room.value} onClick={() => (room.value = name)}>
            {name}
          </button>
        ))}
      </div>
      <Room key={`${room.value} ${me.value.userId}`} roomId={room.value} />
    </Page>
  );
}

function Room({ roomId }: { readonly roomId: string }) {
  const { messages, refusal } = useRoom(roomId);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [messages]);
  return (
    <section class="sheet room" aria-label={roomId}>
      <Notice refusal={refusal} />
      <ol ref={list} aria-live="polite" tabIndex={0} aria-label="Messages">
        {messages.length === 0 && <li class="soft">Nobody has said anything yet.</li>}
        {messages.map(({ id, userId, message, timestamp }) => (
          <li key={id} class={userId === me.value?.userId ? 'mine' : ''}>
            <small class="soft">
              {nameOf(userId)} {timeOf(timestamp)}
            </small>
            <span>{message}</span>
          </li>
        ))}
      </ol>
      <Speak roomId={roomId} />
    </section>
  );
}

function Speak({ roomId }: { readonly roomId: string }) {
  const form = useRef<HTMLDivElement>(null);
  const say = async (values: FormData) => {
    await call('chat.ChatService/SendMessage', [{ roomId, message: textOf(values, 'message') }]);
    form.current?.querySelector('form')?.reset();
  };
  return (
    <div ref={form}>
      <Form action="Say it" onSubmit={say}>
        {(refusal) => (
          <Field label="Message" name="message" refusal={refusal}>
            <input autoComplete="off" />
          </Field>
        )}
      </Form>
    </div>
  );
}

/** What was said in a room before, and what is said while one is there; each message once. */
function useRoom(roomId: string) {
  const messages = useSignal<readonly ChatMessage[]>([]);
  const refusal = useSignal<Refusal | undefined>(undefined);
  useEffect(() => {
    const take = (message: ChatMessage) => {
      const others = messages.peek().filter(({ id }) => id !== message.id);
      messages.value = [...others, message].sort((a, b) => a.id - b.id).slice(-KEPT);
    };
    const hangUp = new AbortController();
    const remember = async () => {
      const history = stream('chat.ChatService/GetRoomHistory', { roomId, pageSize: 50 }, { signal: hangUp.signal });
      for await (const message of history) take(message);
    };
    const leave = follow(
      'chat.ChatService/JoinRoom',
      () => ({ roomId }),
      take,
      (problem) => (refusal.value = problem),
    );
    remember().catch(() => undefined); // the stream of the room says what is wrong
    return () => {
      hangUp.abort();
      leave();
    };
  }, [roomId]);
  return { messages: messages.value, refusal: refusal.value };
}

function nameOf(userId: number): string {
  return session.value.people.find((person) => person.userId === userId)?.name ?? `Visitor ${userId}`;
}
