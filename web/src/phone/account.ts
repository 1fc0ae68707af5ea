/** Who is signed in on this page. */
import { shallowRef } from 'vue';
import { ask } from '../shared/api/http';
import type { Me, SignInReply } from '../shared/api/types';
import { askEarly } from './early';

export const account = shallowRef<Me | null>(null);

export async function loadAccount(): Promise<Me> {
  const me = (await askEarly<Me>('/me')).body;
  account.value = me;
  return me;
}

/** Signs in. `ticket` keeps the place in the queue. */
export async function signIn(idNumber: string, password: string, ticket: string | null): Promise<SignInReply> {
  const headers: Record<string, string> = ticket === null ? {} : { 'Queue-Ticket': ticket };
  const body = { id_number: idNumber, password };
  return (await ask<SignInReply>('/sign-in', { method: 'POST', body, headers })).body;
}

export async function setPassword(old: string, fresh: string): Promise<void> {
  await ask('/password', { method: 'POST', body: { old, new: fresh } });
}

export async function signOut(): Promise<void> {
  account.value = null;
  await ask('/sign-out', { method: 'POST' }).catch(() => null);
}
