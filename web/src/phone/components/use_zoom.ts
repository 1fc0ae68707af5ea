import { computed, nextTick, onBeforeUnmount, onMounted, ref, type ComputedRef, type Ref } from 'vue';

/** Enough to read a scale bar on a picture of 2,000 pixels. */
export const SCALE_MAX = 5;

/** What a double tap shows. */
const SCALE_TAPPED = 2.5;

interface Zoom {
  scale: Ref<number>;
  /** How wide the picture is drawn, in pixels. */
  width: ComputedRef<number>;
  by(factor: number): void;
  /** Enlarges what is at the tap, or shows all again. */
  toggle(event: MouseEvent): void;
  reset(): void;
}

/**
 * Enlarges a picture of this size within `area`, which scrolls: two fingers, a double tap, or buttons.
 * What lies under the fingers stays there.
 */
export function useZoom(area: Ref<HTMLElement | null>, size: () => { width: number; height: number }): Zoom {
  const scale = ref(1);
  const room = ref({ width: 0, height: 0 });
  const width = computed(() => {
    const { width: wide, height } = size();
    return Math.min(room.value.width, (room.value.height * wide) / Math.max(1, height)) * scale.value;
  });

  const measure = () => {
    if (area.value) room.value = { width: area.value.clientWidth, height: area.value.clientHeight };
  };

  /** `x` and `y` stay where they are; they count from the area's corner. */
  function to(wanted: number, x: number, y: number) {
    const box = area.value;
    const next = Math.min(SCALE_MAX, Math.max(1, wanted));
    if (!box || next === scale.value) return;
    const grown = next / scale.value;
    const [left, top] = [(box.scrollLeft + x) * grown - x, (box.scrollTop + y) * grown - y];
    scale.value = next;
    void nextTick(() => {
      box.scrollLeft = left;
      box.scrollTop = top;
    });
  }

  const by = (factor: number) => to(scale.value * factor, room.value.width / 2, room.value.height / 2);

  function within({ clientX, clientY }: { clientX: number; clientY: number }) {
    const { left, top } = area.value!.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  function toggle(event: MouseEvent) {
    const { x, y } = within(event);
    to(scale.value > 1 ? 1 : SCALE_TAPPED, x, y);
  }

  let apart = 0;
  let before = 1;
  const distance = (a: Touch, b: Touch) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  const onStart = (event: TouchEvent) => {
    const [one, two] = [event.touches[0], event.touches[1]];
    apart = one && two ? distance(one, two) : 0;
    before = scale.value;
  };
  const onMove = (event: TouchEvent) => {
    const [one, two] = [event.touches[0], event.touches[1]];
    if (!one || !two || apart === 0) return;
    event.preventDefault(); // The page itself is not enlarged.
    const middle = { clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2 };
    const { x, y } = within(middle);
    to((before * distance(one, two)) / apart, x, y);
  };

  onMounted(() => {
    measure();
    addEventListener('resize', measure);
    if (!area.value) return;
    area.value.addEventListener('touchstart', onStart, { passive: true });
    area.value.addEventListener('touchmove', onMove, { passive: false });
  });
  onBeforeUnmount(() => removeEventListener('resize', measure));

  return { scale, width, by, toggle, reset: () => (scale.value = 1) };
}
