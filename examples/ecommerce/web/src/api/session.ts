import { computed, signal } from '@preact/signals';
import type { SessionInfo } from '../../../src/gateway/contract.js';
import { Refusal } from './refusal.js';

const NOBODY: SessionInfo = { me: null, people: [], cards: [], breakable: false };

export const session = signal<SessionInfo>(NOBODY);

/** Who is signed in. */
export const me = computed(() => session.value.me);

export const isAdmin = computed(() => me.value?.role === 'admin');

/** Whether this person may break things here. */
export const mayBreak = computed(() => isAdmin.value && session.value.breakable);

/** Asks who is signed in; an earlier visit's cookie still counts. */
export function resume(): Promise<void> {
  return ask('GET');
}

export function signIn(userId: number): Promise<void> {
  return ask('POST', { userId });
}

export function signOut(): Promise<void> {
  return ask('DELETE', {});
}

async function ask(method: string, body?: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch('/api/session', { method, ...(body && { headers, body: JSON.stringify(body) }) });
  if (!response.ok) throw await Refusal.of(response);
  session.value = (await response.json()) as SessionInfo;
}
