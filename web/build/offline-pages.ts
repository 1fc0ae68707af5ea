import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const WORKER = fileURLToPath(new URL('./offline-worker.js', import.meta.url));

/**
 * Writes `sw.js`: the service worker that shows the phone's pages when the network is away.
 * It lists every file that the phone's entry can reach, and is named by their hash and the page's,
 * so a new release replaces the whole set at once.
 */
export function offlinePages(): Plugin {
  return {
    name: 'exam-offline-pages',
    apply: 'build',
    applyToEnvironment: ({ name }) => name === 'client',
    generateBundle: {
      order: 'post', // The page has been written, and the styles in it are no files any more.
      async handler(_options, bundle) {
        const files = phoneFiles(bundle);
        const page = bundle['index.html'];
        if (!page || page.type !== 'asset') throw new Error('the page is written later than its worker');
        const version = createHash('sha256').update(files.join('\n')).update(page.source).digest('hex').slice(0, 12);
        const source = (await readFile(WORKER, 'utf8'))
          .replace("'VERSION'", JSON.stringify(version))
          .replace("['FILES']", JSON.stringify(files));
        this.emitFile({ type: 'asset', fileName: 'sw.js', source });
      },
    },
  };
}

type Bundle = Parameters<Extract<Plugin['generateBundle'], (...args: never[]) => unknown>>[1];

/** The phone entry's chunks with all they import, at once or later, and their styles. */
function phoneFiles(bundle: Bundle): string[] {
  const files = new Set<string>();
  const visit = (name: string) => {
    const chunk = bundle[name];
    if (!chunk || chunk.type !== 'chunk' || files.has(`/${name}`)) return;
    files.add(`/${name}`);
    const meta = (chunk as { viteMetadata?: { importedCss: Set<string>; importedAssets: Set<string> } }).viteMetadata;
    for (const style of meta?.importedCss ?? []) files.add(`/${style}`);
    for (const asset of meta?.importedAssets ?? []) files.add(`/${asset}`);
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) visit(next);
  };
  for (const output of Object.values(bundle)) {
    if (output.type === 'chunk' && output.isEntry && output.name === 'phone') visit(output.fileName);
  }
  return [...files].sort();
}
