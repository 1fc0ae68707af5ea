/** The viewer for pictures: pinch, double tap, drag. Fetched apart, because few papers have any. */
import { showImagePreview } from 'vant/es/image-preview';
import 'vant/es/image-preview/style/index';

/** Shows the pictures of an item, beginning with the one at `start`. */
export function showPictures(urls: string[], start: number): void {
  showImagePreview({ images: urls, startPosition: start, maxZoom: 5, closeable: false, loop: false });
}
