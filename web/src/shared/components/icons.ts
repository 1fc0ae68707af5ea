/** Paths of the icons, drawn on a grid of 24. */
export const ICONS = {
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6L6 18',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2',
  flag: 'M6 21V4M6 4.5c4-2 7 2 12 0V14c-5 2-8-2-12 0',
  grid: 'M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.2',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 8v.2',
  offline: 'M3 3l18 18M8.5 16a5 5 0 0 1 6.3-.6M5 12.5a10 10 0 0 1 4-2.6M12.5 8.6A10 10 0 0 1 19 12.5M12 20v.1',
  pause: 'M9 6v12M15 6v12',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  devices: 'M4 5h11v9H4zM2 17h9M16 9h5v11h-5z',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  eyeOff: 'M3 3l18 18M10 5.7A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.6 3.3M6.2 7.3A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M10 10.3a2.5 2.5 0 0 0 3.6 3.5',
  paper: 'M6 3.5h8.5L19 8v12.5H6zM14 3.5V8.5h5M9 13h7M9 16.5h5',
  results: 'M5 20V10M12 20V4M19 20v-7',
  camera: 'M4 7.5h3.5L9 5h6l1.5 2.5H20v12H4zM12 10a3.25 3.25 0 1 0 0 6.5 3.25 3.25 0 0 0 0-6.5z',
  cameraOff: 'M3 3l18 18M8 8l-.5-.5H4v12h15.5M9.5 5H15l1.5 2.5H20v9M9.6 11.2a3.25 3.25 0 0 0 4.5 4.5',
  circle: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z',
  unfold: 'M6 9.5l6 6 6-6',
  fold: 'M6 14.5l6-6 6 6',
  refresh: 'M20 11a8 8 0 1 0-2.3 6.5M20 4.5V11h-6.5',
  out: 'M14 4H5v16h9M10 12h10M16.5 8.5L20 12l-3.5 3.5',
} as const;

export type IconName = keyof typeof ICONS;
