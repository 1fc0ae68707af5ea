// Plays the items of an unpacked QTI 3.0 package in Amp-up.io's player (qti3-item-player) and prints
// [{stem, options, key}], where the key is the choice that the player scores as right: of all
// sets of choices none but it may give a point.
const { readFileSync, readdirSync } = require("node:fs");
const module_ = require("node:module");
const { join } = require("node:path");
const { setTimeout: wait } = require("node:timers/promises");

// The player brings templates along, which only the full build of Vue compiles.
const resolve = module_._resolveFilename;
module_._resolveFilename = function (name, ...rest) {
  return resolve.call(this, name === "vue" ? "vue/dist/vue.common.prod.js" : name, ...rest);
};

const { JSDOM } = require("jsdom");
const { window } = new JSDOM("<div id=app></div>", { pretendToBeVisual: true, url: "http://localhost/" });
const { document } = window;
document.execCommand = () => true;
window.scrollTo = () => {};
Object.assign(globalThis, {
  window, document,
  DOMParser: window.DOMParser, XMLSerializer: window.XMLSerializer, CustomEvent: window.CustomEvent,
  Element: window.Element, HTMLElement: window.HTMLElement, Node: window.Node,
  MutationObserver: window.MutationObserver, getComputedStyle: window.getComputedStyle,
});
Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
console.log = console.info = () => {};

const Vue = require("vue");
const player = require("qti3-item-player");

let plays = 0;
let loaded;
let ended;
const ready = new Promise((done) => {
  const on = {
    notifyQti3PlayerReady: done,
    notifyQti3ItemReady: () => loaded(),
    notifyQti3EndAttemptCompleted: (event) => ended(event.state ?? event),
  };
  new Vue({ el: "#app", render: (h) => h(player.default ?? player, { on }) });
});

const text = (element) => element.textContent.trim();
const boxes = () => [...document.querySelectorAll("[role=radio],[role=checkbox]")];

async function play(app, xml, chosen) {
  await new Promise((done) => {
    loaded = done;
    plays += 1; // It loads no text that it has loaded already.
    app.loadItemFromXml(`${xml}<!-- ${plays} -->`, { guid: "item", status: "interacting", pnp: {}, sessionControl: {} });
  });
  await wait(20); // It lays the choices out.
  const options = boxes().map((box) => [box.dataset.identifier, text(box.lastChild.lastChild)]);
  boxes().filter((box) => chosen.includes(box.dataset.identifier)).forEach((box) => box.click());
  await wait(0);
  const state = await new Promise((done) => {
    ended = done;
    app.endAttempt("item");
  });
  const score = state.outcomeVariables.find(({ identifier }) => identifier === "SCORE").value;
  const stem = text(document.querySelector(".qti-prompt"));
  return { score, stem, options };
}

// Sets of choices: each alone, or all sets where many may be chosen.
function sets(ids, many) {
  if (!many) return ids.map((id) => [id]);
  const bits = [...Array(1 << ids.length).keys()].slice(1);
  return bits.map((set) => ids.filter((_, place) => set & (1 << place)));
}

async function item(app, xml) {
  const ids = [...xml.matchAll(/<qti-simple-choice identifier="([^"]+)"/g)].map((found) => found[1]);
  const right = [];
  let shown;
  for (const chosen of sets(ids, xml.includes('max-choices="0"'))) {
    shown = await play(app, xml, chosen);
    if (shown.score === 1) right.push(chosen);
  }
  const texts = Object.fromEntries(shown.options);
  const [key, ...others] = right;
  if (!key || others.length > 0) throw new Error(`${right.length} sets of choices are right`);
  return { stem: shown.stem, options: ids.map((id) => texts[id]), key: key.map((id) => ids.indexOf(id)) };
}

(async () => {
  const app = await ready;
  app.resetCatalogComponents = () => {}; // There is no catalogue of words to reset.
  const items = join(process.argv[2], "items");
  const read = [];
  for (const file of readdirSync(items).sort()) {
    read.push(await item(app, readFileSync(join(items, file), "utf8")));
  }
  process.stdout.write(JSON.stringify(read, null, 1), () => process.exit(0));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
