import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What is worth compressing; pictures are already. */
const COMPRESSIBLE = /\.(?:html|js|css|svg|json|webmanifest)$/;

/** Below this a packet is sent anyway, and compressing saves nothing. */
const BYTES_MIN = 200;

/**
 * Writes a `.gz` and a `.br` beside every text file of the build, so that the server only copies
 * bytes and needs no compressor.
 */
export function precompress(): Plugin {
  let folder = '';
  return {
    name: 'exam-precompress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const entry of entries) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = await readFile(path);
        if (bytes.length < BYTES_MIN) continue;
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        await writeFile(`${path}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}
