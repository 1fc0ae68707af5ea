/** Makes the JPEG that is sent: of a live frame, or of a file. Nothing of a file but its picture is kept. */
import { smallEnough } from './quality';
import { middle, whole, type Cut } from './shape';

/** The frame that a video shows now; null where it shows none. */
export async function ofFrame(video: HTMLVideoElement): Promise<Blob | null> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return null;
  return jpeg(video, middle(videoWidth, videoHeight));
}

/** A file that was chosen; null where it is no picture that this phone can read. */
export async function ofFile(file: Blob): Promise<Blob | null> {
  const address = URL.createObjectURL(file);
  try {
    const image = await loaded(address);
    return image && (await jpeg(image, whole(image.naturalWidth, image.naturalHeight)));
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A small copy of what a video shows, for judging its light: RGBA, `width` to a row. */
export function glance(video: HTMLVideoElement, width: number): Uint8ClampedArray | null {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return null;
  const cut = middle(videoWidth, videoHeight);
  const height = Math.round((width * cut.height) / cut.width);
  const drawn = draw(video, { ...cut, drawnWidth: width, drawnHeight: height });
  return drawn && drawn.context.getImageData(0, 0, width, height).data;
}

function jpeg(source: CanvasImageSource, cut: Cut): Promise<Blob | null> {
  const drawn = draw(source, cut);
  if (!drawn) return Promise.resolve(null);
  const { canvas } = drawn;
  return smallEnough((quality) => new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality)));
}

function draw(source: CanvasImageSource, cut: Cut): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } | null {
  const canvas = document.createElement('canvas');
  canvas.width = cut.drawnWidth;
  canvas.height = cut.drawnHeight;
  const context = canvas.getContext('2d');
  if (!context) return null;
  context.drawImage(source, cut.x, cut.y, cut.width, cut.height, 0, 0, cut.drawnWidth, cut.drawnHeight);
  return { canvas, context };
}

function loaded(address: string): Promise<HTMLImageElement | null> {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(image.naturalWidth > 0 ? image : null);
    image.onerror = () => resolve(null);
    image.src = address;
  });
}
