import { onBeforeUnmount, onMounted, ref, watch, type Ref } from 'vue';
import { every } from '../../shared/clock';
import { t } from '../texts';
import { thresholdCrossed, tone, type Tone } from './thresholds';

/** Often enough that a second never seems to last two. */
const TICK_MS = 250;

/**
 * The countdown on the screen: milliseconds left, its tone, and what is said aloud. It is computed
 * anew on every tick and whenever `told`, what the server said of the time, changes.
 */
export function useCountdown(left: () => number | null, told: () => unknown, onUp: () => void): { ms: Ref<number | null>; tone: Ref<Tone>; said: Ref<string> } {
  const ms = ref(left());
  const colour = ref<Tone>(ms.value === null ? 'calm' : tone(ms.value));
  const said = ref('');
  let stop = () => {};
  const tick = () => {
    const before = ms.value;
    const now = left();
    ms.value = now;
    if (now === null) return;
    colour.value = tone(now);
    const minutes = before === null ? null : thresholdCrossed(before, now);
    if (minutes !== null) said.value = t('exam.time_said', { minutes });
  };
  watch(told, tick);
  watch(ms, (now) => now !== null && now <= 0 && onUp());
  onMounted(() => {
    tick();
    if (ms.value !== null && ms.value <= 0) onUp();
    stop = every(TICK_MS, tick);
  });
  onBeforeUnmount(() => stop());
  return { ms, tone: colour, said };
}
