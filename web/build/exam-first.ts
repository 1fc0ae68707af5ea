import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { HtmlTagDescriptor, Plugin } from 'vite';

/** The page whose first sight counts: who comes back to a running exam has no time to lose. */
const EXAM = 'src/phone/pages/Exam.vue';

const EARLY = fileURLToPath(new URL('./early-paper.js', import.meta.url));

/**
 * Names the exam's files in the phone's page, so that they come in one round trip with the entry
 * instead of behind it, and puts the script in front that asks for the paper. Every other page
 * needs those files soon anyway.
 */
export function examFirst(): Plugin {
  let early = '';
  return {
    name: 'exam-first',
    apply: 'build',
    async buildStart() {
      early = this.emitFile({ type: 'asset', name: 'early.js', source: await readFile(EARLY, 'utf8') });
    },
    generateBundle() {
      early = this.getFileName(early);
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle, filename }) {
        if (!bundle || !filename.endsWith('index.html')) return [];
        const tags = new Map<string, HtmlTagDescriptor>();
        tags.set(early, { tag: 'script', attrs: { async: true, src: `/${early}` }, injectTo: 'head-prepend' });
        // What the entry imports has its tags already.
        const has = (name: string) => html.includes(`"/${name}"`);
        const visit = (name: string) => {
          const chunk = bundle[name];
          if (!chunk || chunk.type !== 'chunk' || chunk.isEntry || tags.has(name)) return;
          if (!has(name)) tags.set(name, { tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${name}` }, injectTo: 'head' });
          const styles = (chunk as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss ?? [];
          for (const style of styles) {
            if (!has(style)) tags.set(style, { tag: 'link', attrs: { rel: 'preload', as: 'style', crossorigin: true, href: `/${style}` }, injectTo: 'head' });
          }
          chunk.imports.forEach(visit);
        };
        for (const output of Object.values(bundle)) {
          if (output.type === 'chunk' && output.facadeModuleId?.endsWith(EXAM)) visit(output.fileName);
        }
        return [...tags.values()];
      },
    },
  };
}
