/** Filters, order and page of a list, kept in its address. */
import { computed, ref, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { fromPairs } from './lists';
import { pageOf, rowsBefore, written } from './paging';

export function useFilters(onChange: () => void) {
  const route = useRoute();
  const router = useRouter();
  const own = route.path; // A page that waits behind another does not listen to that one's address.
  const texts = (all: typeof route.query) =>
    fromPairs(Object.entries(all).map(([name, value]) => [name, typeof value === 'string' ? value : ''] as const));
  const query = ref<Record<string, string>>(texts(route.query));

  watch(
    () => route.fullPath,
    () => {
      if (route.path !== own) return;
      const now = texts(route.query);
      if (JSON.stringify(now) === JSON.stringify(query.value)) return;
      query.value = now;
      onChange();
    },
  );

  function set(patch: Record<string, string | number | null | undefined>, keepPage = false) {
    const next: Record<string, string> = { ...query.value };
    if (!keepPage) delete next['page'];
    for (const [name, value] of Object.entries(patch)) {
      if (value === null || value === undefined || value === '') delete next[name];
      else next[name] = String(value);
    }
    void router.push({ path: own, query: next });
  }

  const size = computed(() => Number(query.value['size']) || 20);
  const page = computed(() => pageOf(query.value['page'] ?? ''));
  const get = (name: string) => query.value[name] ?? '';
  return {
    query,
    get,
    set,
    size,
    page,
    /** What is asked of the server: the rows of this page. */
    slice: () => ({ skip: rowsBefore(page.value, size.value), limit: size.value }),
    reset: () => void router.push({ path: own, query: {} }),
    toPage: (number: number) => set({ page: written(number) }, true),
    toSize: (value: number) => set({ size: value }),
  };
}

export type Filters = ReturnType<typeof useFilters>;
