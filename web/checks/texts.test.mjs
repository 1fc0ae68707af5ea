// Every text of the phone and of the console is in its resource files, in both languages.
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

/** The two apps; what they share has no texts but theirs. */
const APPS = ['phone', 'console'];
/** Words that are the registry's or the other language's own, in both languages. */
const UNTRANSLATED = ['app.language', 'app.other_language_zh', 'choices.categories', 'choices.levels'];

async function sources(parts) {
  const found = [];
  for (const part of parts) {
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
async function resource(app, name) {
  const source = await readFile(`${SOURCE}${app}/texts/${name}.ts`, 'utf8');
  return new Map(Array.from(source.matchAll(/^ {2}'([^']+)': '((?:[^'\\]|\\.)*)',$/gm), ([, key, text]) => [key, text]));
}

for (const app of APPS) {
  test(`both languages of the ${app} have the same texts with the same places`, async () => {
    const [zh, en] = [await resource(app, 'zh-CN'), await resource(app, 'en')];
    assert.ok(zh.size > 200);
    assert.deepEqual([...en.keys()], [...zh.keys()]);
    const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [key, text] of zh) assert.deepEqual(places(en.get(key)), places(text), key);
    for (const [key, text] of en) assert.ok(UNTRANSLATED.includes(key) || !HAN.test(text), key);
  });
}

test('no component has a text of its own', async () => {
  for (const path of await sources([...APPS, 'shared'])) {
    const source = await readFile(path, 'utf8');
    assert.ok(!HAN.test(withoutComments(source)), `${relative(SOURCE, path)} has Chinese text`);
    if (!path.endsWith('.vue')) continue;
    const { descriptor } = parse(source);
    const found = descriptor.template ? literalTexts(descriptor.template.ast) : [];
    assert.deepEqual(found, [], relative(SOURCE, path));
  }
});

for (const app of APPS) {
  test(`every text of the ${app} is used`, async () => {
    const all = (await Promise.all((await sources([app, 'shared'])).map((path) => readFile(path, 'utf8')))).join('\n');
    const format = await readFile(`${SOURCE}${app}/texts/format.ts`, 'utf8');
    const used = all + format + (await readFile(`${SOURCE}${app}/texts/index.ts`, 'utf8'));
    // A key is written out, or its beginning is completed by a value: `check.${…}`.
    const starts = Array.from(used.matchAll(/`([\w.]+)[._]?\$\{/g), ([, start]) => start);
    const coded = Array.from(used.matchAll(/coded\('([\w.]+)'/g), ([, prefix]) => `${prefix}.`);
    const isUsed = (key) => used.includes(`'${key}'`) || [...starts, ...coded].some((start) => key.startsWith(start));
    const unused = [...(await resource(app, 'zh-CN')).keys()].filter((key) => !isUsed(key));
    assert.deepEqual(unused, []);
  });
}
