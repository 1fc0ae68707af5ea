/** The phone's own camera app, where a page gets no camera: a picture comes back as a file. */
import { excuseLeaving } from '../attempt/excuse';

let input: HTMLInputElement | null = null;

/**
 * Opens it; needs a tap. `chosen` hears what was taken, and nothing where the candidate came back
 * without. The gallery cannot be ruled out, so such a picture is sent as chosen by hand.
 */
export function openSystemCamera(chosen: (file: File) => void): void {
  const field = input || made();
  input = field;
  field.value = ''; // The same picture again is a choice, too.
  field.onchange = () => {
    const file = field.files && field.files[0];
    if (file) chosen(file);
  };
  excuseLeaving();
  field.click();
}

/** In the page, because Safari forgets what is not. */
function made(): HTMLInputElement {
  const field = document.createElement('input');
  field.type = 'file';
  field.accept = 'image/jpeg';
  field.setAttribute('capture', 'user');
  field.hidden = true;
  document.body.appendChild(field);
  return field;
}
