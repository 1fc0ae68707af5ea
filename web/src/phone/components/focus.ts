/** Keeps the keyboard inside what covers the page, and gives the focus back afterwards. */

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), [tabindex]:not([tabindex="-1"])';

/** Moves the focus into `box` and holds it there. The answer lets go and returns it. */
export function holdFocus(box: HTMLElement, first?: HTMLElement | null): () => void {
  const before = document.activeElement;
  const inside = () =>
    Array.from(box.querySelectorAll<HTMLElement>(FOCUSABLE)).filter((element) => element.offsetParent !== null);
  const start = first || inside()[0] || box;
  start.focus();
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Tab') return;
    const all = inside();
    const edge = event.shiftKey ? all[0] : all[all.length - 1];
    const outside = !box.contains(document.activeElement);
    if (all.length === 0 || document.activeElement === edge || outside) {
      event.preventDefault();
      const next = event.shiftKey ? all[all.length - 1] : all[0];
      if (next) next.focus();
    }
  };
  document.addEventListener('keydown', onKey, true);
  return () => {
    document.removeEventListener('keydown', onKey, true);
    if (before instanceof HTMLElement && document.contains(before)) before.focus();
  };
}
