import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { troubleOf, type Trouble } from './trouble';

export interface Load<T> {
  data: ShallowRef<T | null>;
  trouble: Ref<Trouble | null>;
  busy: Ref<boolean>;
  /** Asks again; what is shown stays until the answer is here. Only the newest answer counts. */
  load: () => Promise<void>;
}

export function useLoad<T>(fetch: () => Promise<T>): Load<T> {
  const data = shallowRef<T | null>(null);
  const trouble = ref<Trouble | null>(null);
  const busy = ref(false);
  let newest = 0;
  const load = async () => {
    const mine = ++newest;
    busy.value = true;
    try {
      const found = await fetch();
      if (mine !== newest) return;
      data.value = found;
      trouble.value = null;
    } catch (error) {
      if (mine === newest) trouble.value = troubleOf(error);
    } finally {
      if (mine === newest) busy.value = false;
    }
  };
  return { data, trouble, busy, load };
}

/** An act that a person asked for: whether it is under way, and what went wrong. */
export function useAct() {
  const busy = ref(false);
  const trouble = ref<Trouble | null>(null);
  const run = async (act: () => Promise<void>): Promise<boolean> => {
    if (busy.value) return false;
    busy.value = true;
    trouble.value = null;
    try {
      await act();
      return true;
    } catch (error) {
      trouble.value = troubleOf(error);
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, trouble, run };
}
