import type { Plugin } from 'vite';

/** Vant's icon font, inlined in this style sheet: 27 KB that our own SVG icons replace. */
const ICON_FONT = /vant[\\/](?:es|lib)[\\/]icon[\\/]index\.css$/;

/** Leaves Vant's icon font out of the build; the pages draw their own icons. */
export function ownIcons(): Plugin {
  return {
    name: 'exam-own-icons',
    enforce: 'pre',
    load(id) {
      return ICON_FONT.test(id.split('?')[0] ?? '') ? '' : null;
    },
  };
}
