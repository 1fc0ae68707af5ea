/** How a picture is cut and made smaller: a portrait, as a phone is held. */
export const WIDTH = 480;
export const HEIGHT = 640;

/** A part of a picture, and how large it is drawn. */
export interface Cut {
  x: number;
  y: number;
  width: number;
  height: number;
  drawnWidth: number;
  drawnHeight: number;
}

/** The largest portrait in the middle of a live frame; never drawn larger than it is. */
export function middle(width: number, height: number): Cut {
  const wide = width * HEIGHT > height * WIDTH;
  const cutWidth = wide ? Math.floor((height * WIDTH) / HEIGHT) : width;
  const cutHeight = wide ? height : Math.floor((width * HEIGHT) / WIDTH);
  const { drawnWidth, drawnHeight } = drawn(cutWidth, cutHeight);
  return {
    x: Math.floor((width - cutWidth) / 2),
    y: Math.floor((height - cutHeight) / 2),
    width: cutWidth,
    height: cutHeight,
    drawnWidth,
    drawnHeight,
  };
}

/** All of a picture that was chosen as a file: what is at its sides may be what it is about. */
export function whole(width: number, height: number): Cut {
  return { x: 0, y: 0, width, height, ...drawn(width, height) };
}

function drawn(width: number, height: number): { drawnWidth: number; drawnHeight: number } {
  const scale = Math.min(1, WIDTH / width, HEIGHT / height);
  return { drawnWidth: Math.max(1, Math.round(width * scale)), drawnHeight: Math.max(1, Math.round(height * scale)) };
}
