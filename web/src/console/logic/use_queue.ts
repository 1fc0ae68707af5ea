/** Leads from an attempt to the next of the queue that it was opened from. */
import { computed, ref, shallowRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { reviews } from '../api/watch';
import { close } from '../shell/tabs';
import { queueQuery, readCarried } from './queue';

export function useQueue(id: string) {
  const route = useRoute();
  const router = useRouter();
  const own = route.path;
  /** From the address of the last visit: a tab may be opened from the queue now, and from the wall then. */
  const text = ref('');
  const asked = computed(() => readCarried(text.value));
  /** As the queue stood when this attempt was opened: what is decided meanwhile keeps its place. */
  const ids = shallowRef<string[]>([]);
  const at = computed(() => ids.value.indexOf(id));

  const address = computed(() => ({ path: '/reviews', query: asked.value['all'] === undefined ? asked.value : {} }));
  async function go(step: number) {
    const next = ids.value[at.value + step];
    close(own); // It was looked at: its tab would be in the way.
    await router.push(at.value >= 0 && next !== undefined ? { path: `/attempts/${next}`, query: { queue: text.value } } : address.value);
  }
  return {
    isOpen: computed(() => text.value !== ''),
    address,
    place: computed(() => (at.value < 0 ? null : { place: at.value + 1, count: ids.value.length })),
    hasBefore: computed(() => at.value > 0),
    hasNext: computed(() => at.value >= 0 && at.value < ids.value.length - 1),
    go,
    async load() {
      const now = typeof route.query['queue'] === 'string' ? route.query['queue'] : '';
      if (now !== text.value) ids.value = [];
      text.value = now;
      if (now !== '' && ids.value.length === 0) ids.value = (await reviews(queueQuery(asked.value))).reviews.map((one) => one.attempt_id);
    },
  };
}
