/** Leads from an attempt to the next of the queue that it was opened from. */
import { computed, shallowRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { reviews } from '../api/watch';
import { close } from '../shell/tabs';
import { queueQuery, readCarried } from './queue';

export function useQueue(id: string) {
  const route = useRoute();
  const router = useRouter();
  const own = route.path;
  const text = typeof route.query['queue'] === 'string' ? route.query['queue'] : '';
  const asked = readCarried(text);
  /** As the queue stood when this attempt was opened: what is decided meanwhile keeps its place. */
  const ids = shallowRef<string[]>([]);
  const at = computed(() => ids.value.indexOf(id));

  const address = { path: '/reviews', query: asked['all'] === undefined ? asked : {} };
  async function go(step: number) {
    const next = ids.value[at.value + step];
    close(own); // It was looked at: its tab would be in the way.
    await router.push(at.value >= 0 && next !== undefined ? { path: `/attempts/${next}`, query: { queue: text } } : address);
  }
  return {
    isOpen: text !== '',
    address,
    place: computed(() => (at.value < 0 ? null : { place: at.value + 1, count: ids.value.length })),
    hasBefore: computed(() => at.value > 0),
    hasNext: computed(() => at.value >= 0 && at.value < ids.value.length - 1),
    go,
    async load() {
      if (text !== '' && ids.value.length === 0) ids.value = (await reviews(queueQuery(asked))).reviews.map((one) => one.attempt_id);
    },
  };
}
