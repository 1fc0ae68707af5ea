/** Looks at a wall again and again, and keeps its tiles in places that do not jump under a pointer. */
import { computed, ref, shallowRef } from 'vue';
import { after } from '../../shared/clock';
import { wall as fetchWall } from '../api/watch';
import type { Tile } from '../api/types';
import type { Query } from '../api/client';
import { troubleOf, type Trouble } from './trouble';
import { inPlace, isSame, merged, worstFirst, type Wall } from './wall';

const POLL_MS = 1_500;
/** Nobody looks at a page that is hidden. */
const HIDDEN_POLL_MS = 10_000;
const TROUBLE_POLL_MS = 5_000;

export function useWall(asked: () => { exam: string; query: Query }) {
  const wall = shallowRef<Wall | null>(null);
  const trouble = ref<Trouble | null>(null);
  const order = shallowRef<string[]>([]);
  /** Tiles by attempt, those that left under the pointer among them. */
  const shown = shallowRef<ReadonlyMap<string, Tile>>(new Map());
  /** Whether a pointer or the keyboard is among the tiles. */
  const isHeld = ref(false);
  /** Whether the order has changed meanwhile. */
  const isWaiting = ref(false);
  let isOpen = false;
  let newest = 0;
  let stop = () => {};

  async function look() {
    stop();
    const mine = ++newest;
    const { exam, query } = asked();
    if (!isOpen || exam === '') return;
    try {
      const view = await fetchWall(exam, { ...query, since: wall.value?.version });
      if (mine !== newest) return;
      take(merged(wall.value, view));
      trouble.value = null;
    } catch (error) {
      if (mine === newest) trouble.value = troubleOf(error);
    }
    if (mine !== newest || !isOpen) return;
    const usual = document.visibilityState === 'hidden' ? HIDDEN_POLL_MS : POLL_MS;
    stop = after(trouble.value ? TROUBLE_POLL_MS : usual, () => void look());
  }

  function take(next: Wall) {
    const isMoved = next.tiles !== wall.value?.tiles;
    wall.value = next;
    if (!isMoved) return;
    if (!isHeld.value) return arrange();
    shown.value = new Map([...shown.value, ...next.tiles]);
    const kept = inPlace(order.value, next.tiles);
    if (!isSame(kept, order.value)) order.value = kept;
    isWaiting.value = !isSame(order.value, worstFirst(next.tiles));
  }

  /** Puts the tiles in the order in which somebody should look. */
  function arrange() {
    const tiles = wall.value?.tiles ?? new Map<string, Tile>();
    const next = worstFirst(tiles);
    shown.value = tiles;
    if (!isSame(next, order.value)) order.value = next;
    isWaiting.value = false;
  }

  function hold(is: boolean) {
    isHeld.value = is;
    if (!is && isWaiting.value) arrange();
  }

  const wake = () => {
    if (document.visibilityState !== 'hidden') void look();
  };
  return {
    wall,
    trouble,
    isWaiting,
    tiles: computed(() => order.value.map((id) => shown.value.get(id)!)),
    arrange,
    hold,
    look,
    open() {
      isOpen = true;
      document.addEventListener('visibilitychange', wake);
      void look();
    },
    shut() {
      isOpen = false;
      isHeld.value = false;
      newest += 1; // An answer on its way is of no use any more.
      stop();
      document.removeEventListener('visibilitychange', wake);
    },
    /** Another wall is asked for. */
    change() {
      wall.value = null;
      isHeld.value = false;
      arrange();
      void look();
    },
  };
}
