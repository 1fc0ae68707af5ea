/** Who is signed in on this page. */
import { shallowRef } from 'vue';
import { ask } from '../shared/api/http';
import type { Me, SignInReply } from '../shared/api/types';
import { agreement } from './agreement';
import { askEarly } from './early';
import { photoVault } from './storage';

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

/** Signs out; what was agreed to, and photographs that were not sent, are not the next person's. */
export async function signOut(): Promise<void> {
  account.value = null;
  agreement.value = null;
  void photoVault().then((vault) => vault.remove('photos/')).catch(() => null);
  await ask('/sign-out', { method: 'POST' }).catch(() => null);
}
