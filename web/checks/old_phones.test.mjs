// The phone's built files against a list of what phones of 2018 lack. Checked by list, not run.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'acorn';
import { full } from 'acorn-walk';
import postcss from 'postcss';
import { AT_RULES, GAPS, GLOBALS, GUARDED, METHODS, OPERATORS, PROPERTIES, SELECTORS, SYNTAX, VALUES } from './old_phones_list.mjs';
import { DIST, ENTRY, filesOf, manifest, page } from './phone_files.mjs';

/** How much source around a name is looked at for its guard. */
const AROUND = 160;

/** Everything in a script that old phones lack. */
function scriptFindings(source, name) {
  // 2020 for `import()`, which both have; all else beyond ES2018 is on the list or no syntax yet.
  const tree = parse(source, { ecmaVersion: 2020, sourceType: 'module' });
  const findings = [];
  const find = (node, what, why) => {
    const around = source.slice(Math.max(0, node.start - AROUND), node.end + AROUND);
    if (GUARDED.some((use) => use.name === what && use.guard.test(around))) return;
    findings.push(`${name}: ${what} (${why}): ${source.slice(Math.max(0, node.start - 40), node.end + 40)}`);
  };
  full(tree, (node) => {
    if (SYNTAX[node.type]) find(node, node.type, SYNTAX[node.type]);
    if (OPERATORS[node.operator]) find(node, node.operator, OPERATORS[node.operator]);
    if (node.type === 'Literal' && node.bigint) find(node, 'BigInt literal', GLOBALS.BigInt);
    if (node.type === 'ExportAllDeclaration' && node.exported) find(node, 'export * as', 'Chrome 72, Safari 14.1');
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const method = node.callee.computed ? node.callee.property.value : node.callee.property.name;
      if (Object.hasOwn(METHODS, method ?? '')) find(node.callee.property, method, METHODS[method]);
    }
    if (node.type === 'Identifier' && Object.hasOwn(GLOBALS, node.name)) find(node, node.name, GLOBALS[node.name]);
    if (node.type === 'MemberExpression' && !node.computed && Object.hasOwn(GLOBALS, node.property.name)) {
      find(node, node.property.name, GLOBALS[node.property.name]);
    }
  });
  return findings;
}

/** Everything in a style sheet that old phones lack. */
function styleFindings(source, name) {
  const findings = [];
  const find = (node, what) => findings.push(`${name}: ${what}: ${node.toString().slice(0, 120)}`);
  const root = postcss.parse(source);
  root.walkDecls((declaration) => {
    const { prop, value } = declaration;
    if (Object.hasOwn(PROPERTIES, prop)) find(declaration, `${prop} (${PROPERTIES[prop]})`);
    if (GAPS.includes(prop)) find(declaration, `${prop} without grid-`);
    for (const [what, pattern] of Object.entries(VALUES)) if (pattern.test(value)) find(declaration, what);
  });
  root.walkRules((rule) => {
    for (const [what, pattern] of Object.entries(SELECTORS)) if (pattern.test(rule.selector)) find(rule, what);
    if (rule.parent?.type === 'rule') find(rule, 'nested rule');
  });
  root.walkAtRules((rule) => {
    if (AT_RULES.includes(rule.name)) find(rule, `@${rule.name}`);
  });
  return findings;
}

test('the phone’s scripts use nothing that Chrome 70 or Safari 13 lack', async () => {
  const scripts = filesOf(await manifest(), [ENTRY], true).filter((file) => file.endsWith('.js'));
  assert.ok(scripts.length > 5);
  const findings = [];
  for (const file of [...scripts, 'sw.js']) findings.push(...scriptFindings(await readFile(DIST + file, 'utf8'), file));
  assert.deepEqual(findings, []);
});

test('the phone’s styles use nothing that Chrome 70 or Safari 13 lack', async () => {
  const styles = filesOf(await manifest(), [ENTRY], true).filter((file) => file.endsWith('.css'));
  assert.ok(styles.length > 2);
  const findings = [];
  for (const file of styles) findings.push(...styleFindings(await readFile(DIST + file, 'utf8'), file));
  for (const style of (await page()).styles) findings.push(...styleFindings(style, 'the page'));
  assert.deepEqual(findings, []);
});

test('the list finds what it lists', () => {
  for (const source of ['a?.b', 'a ?? b', 'class A { x = 1 }', 'a.at(-1)', 'structuredClone(a)', 'crypto.randomUUID()', 'globalThis.a', 'Object.fromEntries(a)', '1n']) {
    let found;
    try {
      found = scriptFindings(source, 'x').length;
    } catch {
      found = 1; // No syntax yet in 2020.
    }
    assert.ok(found > 0, source);
  }
  for (const source of ['a{display:flex;gap:1px}', 'a{inset:0}', 'a{height:100dvh}', 'a{width:min(1px,2px)}', ':is(a,b){color:red}', '@layer x{a{color:red}}']) {
    assert.ok(styleFindings(source, 'x').length > 0, source);
  }
  assert.deepEqual(styleFindings('a{display:grid;grid-gap:1px;min-height:1px;width:calc(1px + 2px)}', 'x'), []);
});
