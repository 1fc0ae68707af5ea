import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue';
import { noteLeave, noteReturn, steadyNow } from '../../shared/clock';
import { endExcuse, isExcused } from './excuse';
import type { SignalKind } from './model';

/** Shorter absences are a notification that was swiped away. */
const WORTH_A_WORD_MS = 1_000;

interface Listener {
  signal(kind: SignalKind): void;
  cameBack(): void;
  wentAway(): void;
}

/**
 * Notices when the page is left and seen again, by the ways browsers tell it. The answer is how
 * long the last absence was, for the candidate to read; null for none.
 */
export function useLeaving(listener: Listener): Ref<number | null> {
  const awayMs = ref<number | null>(null);
  let hiddenAt: number | null = null;
  let blurred = false;
  /** Left for the phone's own camera, as we asked. */
  let excused = false;

  const hide = () => {
    if (hiddenAt !== null) return;
    noteLeave();
    hiddenAt = steadyNow();
    excused = isExcused();
    if (!excused) listener.signal('hidden');
  };
  const show = () => {
    noteReturn();
    if (hiddenAt !== null) {
      const away = steadyNow() - hiddenAt;
      hiddenAt = null;
      const tooLong = excused && !isExcused();
      if (tooLong) listener.signal('hidden'); // Longer than a picture takes: said late, but said.
      if (!excused || tooLong) listener.signal('shown');
      if (away >= WORTH_A_WORD_MS && (!excused || tooLong)) awayMs.value = away;
      excused = false;
      endExcuse();
    }
    listener.cameBack();
  };
  const onVisibility = () => (document.visibilityState === 'hidden' ? hide() : show());
  const onPageShow = (event: PageTransitionEvent) => {
    if (event.persisted) show(); // Back from the cache of pages: its socket is dead.
  };
  const onBlur = () => {
    if (blurred || isExcused() || document.visibilityState === 'hidden') return;
    blurred = true;
    listener.signal('blurred');
  };
  const onFocus = () => {
    if (!blurred) return;
    blurred = false;
    listener.signal('focused');
  };
  const onOffline = () => {
    listener.signal('offline');
    listener.wentAway();
  };
  const onOnline = () => {
    listener.signal('online');
    listener.cameBack();
  };

  onMounted(() => {
    document.addEventListener('visibilitychange', onVisibility);
    addEventListener('pagehide', hide);
    addEventListener('pageshow', onPageShow);
    addEventListener('blur', onBlur);
    addEventListener('focus', onFocus);
    addEventListener('offline', onOffline);
    addEventListener('online', onOnline);
  });
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', onVisibility);
    removeEventListener('pagehide', hide);
    removeEventListener('pageshow', onPageShow);
    removeEventListener('blur', onBlur);
    removeEventListener('focus', onFocus);
    removeEventListener('offline', onOffline);
    removeEventListener('online', onOnline);
  });
  return awayMs;
}
