import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { HtmlTagDescriptor, Plugin } from 'vite';

const EARLY = fileURLToPath(new URL('./early.js', import.meta.url));

/**
 * Makes the phone's first load short on a weak network. The styles that it begins with stand in the
 * page itself: they come while the network has nothing else to carry, because the scripts can only be
 * asked for once the page is there. In front stands the script that asks for what is shown first.
 */
export function firstLoad(): Plugin {
  let early = '';
  return {
    name: 'exam-first-load',
    apply: 'build',
    applyToEnvironment: ({ name }) => name === 'client',
    async buildStart() {
      early = this.emitFile({ type: 'asset', name: 'early.js', source: await readFile(EARLY, 'utf8') });
    },
    generateBundle() {
      early = this.getFileName(early);
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle, filename }) {
        if (!bundle || !filename.endsWith('index.html')) return html;
        const tags: HtmlTagDescriptor[] = [{ tag: 'script', attrs: { async: true, src: `/${early}` }, injectTo: 'head-prepend' }];
        const page = html.replace(/\s*<link rel="stylesheet"[^>]* href="\/([^"]+)">/g, (_link, name: string) => {
          const style = bundle[name];
          if (!style || style.type !== 'asset') throw new Error(`${name} is no style of this build`);
          tags.push({ tag: 'style', children: String(style.source).trim(), injectTo: 'head' });
          leaveOut(bundle, name);
          return '';
        });
        return { html: page, tags };
      },
    },
  };
}

type Bundle = NonNullable<Parameters<Extract<Plugin['generateBundle'], (...args: never[]) => unknown>>[1]>;

/** A style that stands in the page is no file any more. */
function leaveOut(bundle: Bundle, name: string): void {
  delete bundle[name];
  for (const output of Object.values(bundle)) {
    const meta = (output as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata;
    meta?.importedCss.delete(name);
  }
}
