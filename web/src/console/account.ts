/** Who is signed in at this desk. */
import { computed, ref } from 'vue';
import { onLost } from './api/client';
import { me as fetchMe } from './api/staff';
import type { Me, Role } from './api/types';

export const me = ref<Me | null>(null);

/** The sign-in ended while pages are open: they stay, and the sign-in is asked for above them. */
export const expired = ref(false);

export const signedIn = computed(() => me.value !== null);

export function has(...roles: Role[]): boolean {
  return roles.some((role) => me.value?.roles.includes(role));
}

onLost(() => {
  if (me.value) expired.value = true;
});

/** Asks the server who this is; nobody is an answer, too. */
export async function look(): Promise<void> {
  me.value = await fetchMe();
  expired.value = false;
}
