// Every text of the phone is in the resource files, in both languages.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'vue/compiler-sfc';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));
const HAN = /\p{Script=Han}/u;
const LETTER = /\p{L}/u;
/** Attributes that are read to somebody. */
const SPOKEN = ['title', 'alt', 'placeholder', 'aria-label', 'label'];

async function sources() {
  const found = [];
  for (const part of ['phone', 'shared']) {
    for (const entry of await readdir(SOURCE + part, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const isSource = entry.isFile() && /\.(?:ts|vue)$/.test(entry.name) && !/\.(?:test|d)\.ts$/.test(entry.name);
      if (isSource && !path.includes('/texts/')) found.push(path);
    }
  }
  return found;
}

function withoutComments(source) {
  return source.replace(/<!--[\s\S]*?-->/g, '').replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function literalTexts(node, found = []) {
  if (node.type === 2 && LETTER.test(node.content)) found.push(node.content.trim());
  for (const prop of node.props ?? []) {
    if (prop.type === 6 && SPOKEN.includes(prop.name) && prop.value && LETTER.test(prop.value.content)) found.push(prop.value.content);
  }
  for (const child of node.children ?? []) if (typeof child === 'object') literalTexts(child, found);
  return found;
}

/** Keys and texts of a resource file, which is a list of `'key': 'text',` lines. */
async function resource(name) {
  const source = await readFile(`${SOURCE}phone/texts/${name}.ts`, 'utf8');
  return new Map(Array.from(source.matchAll(/^ {2}'([^']+)': '((?:[^'\\]|\\.)*)',$/gm), ([, key, text]) => [key, text]));
}

test('both languages have the same texts with the same places', async () => {
  const [zh, en] = [await resource('zh-CN'), await resource('en')];
  assert.ok(zh.size > 200);
  assert.deepEqual([...en.keys()], [...zh.keys()]);
  const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, text] of zh) assert.deepEqual(places(en.get(key)), places(text), key);
  for (const [key, text] of en) assert.ok(key === 'app.language' || !HAN.test(text), key);
});

test('no component has a text of its own', async () => {
  for (const path of await sources()) {
    const source = await readFile(path, 'utf8');
    assert.ok(!HAN.test(withoutComments(source)), `${relative(SOURCE, path)} has Chinese text`);
    if (!path.endsWith('.vue')) continue;
    const { descriptor } = parse(source);
    const found = descriptor.template ? literalTexts(descriptor.template.ast) : [];
    assert.deepEqual(found, [], relative(SOURCE, path));
  }
});

test('every text is used', async () => {
  const all = (await Promise.all((await sources()).map((path) => readFile(path, 'utf8')))).join('\n');
  const format = await readFile(`${SOURCE}phone/texts/format.ts`, 'utf8');
  const used = all + format + (await readFile(`${SOURCE}phone/texts/index.ts`, 'utf8'));
  // A key is written out, or its beginning is completed by a value: `check.${…}`.
  const isUsed = (key) => {
    if (used.includes(`'${key}'`)) return true;
    const parts = Array.from(used.matchAll(/`([\w.]+)[._]?\$\{/g), ([, start]) => start);
    const coded = Array.from(used.matchAll(/coded\('([\w.]+)'/g), ([, prefix]) => `${prefix}.`);
    return [...parts, ...coded].some((start) => key.startsWith(start));
  };
  const unused = [...(await resource('zh-CN')).keys()].filter((key) => !isUsed(key));
  assert.deepEqual(unused, []);
});
