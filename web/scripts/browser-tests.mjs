// Plays the browser tests against the server that WEB_TEST_SERVER names: two files at once,
// then those that measure time alone. Files given as arguments are played instead of all.
//
// A machine that others use stalls for seconds now and then. A file that failed is therefore played
// once more, alone, and this is said; what fails twice fails.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../browser/', import.meta.url));

/** What measures how long something takes wants the machine for itself. */
const ALONE = ['weak.test.mjs'];

/** How many tests passed of each file, and which files have one that did not. */
async function play(files, concurrency) {
  const passed = new Map();
  const failed = new Set();
  const stream = run({ files: files.map((name) => FOLDER + name), concurrency });
  const counts = ({ nesting, details, name }) => nesting === 0 && details.type !== 'suite' && !name.endsWith('.mjs');
  stream.on('test:pass', (event) => {
    const file = basename(event.file ?? event.name);
    if (counts(event)) passed.set(file, (passed.get(file) ?? 0) + 1);
  });
  stream.on('test:fail', (event) => failed.add(basename(event.file ?? event.name)));
  const ended = new Promise((resolve) => stream.once('end', resolve));
  stream.compose(new spec()).pipe(process.stdout, { end: false });
  await ended;
  return { passed, failed: [...failed] };
}

const asked = process.argv.slice(2).map((path) => basename(path));
const files = asked.length > 0 ? asked : readdirSync(FOLDER).filter((name) => name.endsWith('.test.mjs'));
const began = Date.now();
/** A file that is played twice counts as it ended. */
const counted = new Map();
const count = ({ passed }, part) => part.forEach((name) => counted.set(name, passed.get(name) ?? 0));
const again = [];
for (const [part, concurrency] of [
  [files.filter((name) => !ALONE.includes(name)), 2],
  [files.filter((name) => ALONE.includes(name)), 1],
]) {
  if (part.length === 0) continue;
  const played = await play(part, concurrency);
  count(played, part);
  again.push(...played.failed);
}
let failed = [];
if (again.length > 0) {
  console.log(`browser: failed, and played once more alone: ${again.join(', ')}`);
  const played = await play(again, 1);
  count(played, again);
  failed = played.failed;
}
const passed = [...counted.values()].reduce((sum, one) => sum + one, 0);
const seconds = Math.round((Date.now() - began) / 1000);
console.log(`browser: ${passed} tests passed in ${seconds} s; ${again.length} files played twice; ${failed.length} files failed`);
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
