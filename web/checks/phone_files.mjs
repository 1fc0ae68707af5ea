// Which built files the phone needs, by the manifest of the build.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

export const ENTRY = 'index.html';

export async function manifest() {
  return JSON.parse(await readFile(`${DIST}.vite/manifest.json`, 'utf8'));
}

/** The page of the phone, and the styles that stand in it. */
export async function page() {
  const html = await readFile(`${DIST}index.html`, 'utf8');
  return { html, styles: Array.from(html.matchAll(/<style>([^]*?)<\/style>/g), ([, style]) => style) };
}

/** The files of the chunks `names` with all they import; with `later` also what they import later. */
export function filesOf(all, names, later = false) {
  const files = new Set();
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const chunk = all[name];
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    for (const next of chunk.imports ?? []) visit(next);
    if (later) for (const next of chunk.dynamicImports ?? []) visit(next);
  };
  names.forEach(visit);
  return [...files];
}
