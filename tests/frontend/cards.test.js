/** Tests of what cards describe, without a browser that draws it. */

/** @import { Hass } from "../../custom_components/xmrig_miner/frontend/web/types.js" */
/** @import { VNode } from "../../custom_components/xmrig_miner/frontend/web/dom.js" */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { homeAssistant, MINING, stateOf } from "./miners.js";

// What a browser has
Object.assign(globalThis, {
  HTMLElement: class {
    attachShadow() {}
  },
});
// What cards read in addition is never read here
mock.timers.enable({ apis: ["setTimeout"] });
const web = "../../custom_components/xmrig_miner/frontend/web";
const { CurveCard } = await import(`${web}/card-curve.js`);
const { EventsCard } = await import(`${web}/card-events.js`);
const { MinerCard } = await import(`${web}/card-miner.js`);
const { MinersCard } = await import(`${web}/card-miners.js`);
const { details, events } = await import(`${web}/history.js`);

const SHOWS = {
  ...MINING,
  "button.calibrate": stateOf("unknown"),
  "event.activity": stateOf("2026-01-01T00:00:00Z"),
};

/**
 * Return what a card describes, which is in no document.
 *
 * @param {any} Card
 * @param {Partial<Hass>} [differing]
 * @param {object} [config]
 */
function described(Card, differing = {}, config = {}) {
  const card = new Card();
  card._config = { device: "rig", ...config };
  card._hass = { ...homeAssistant({ rig: { shows: SHOWS } }), ...differing };
  return { card, content: () => card.content() };
}

/**
 * Return the elements of a tag.
 *
 * @param {VNode | string} node
 * @param {string} tag
 * @returns {VNode[]}
 */
function all(node, tag) {
  if (typeof node === "string") return [];
  return [...(node.tag === tag ? [node] : []), ...node.children.flatMap((child) => all(child, tag))];
}

/**
 * Return the texts of elements of a tag.
 *
 * @param {VNode | string} node
 * @param {string} tag
 * @returns {string[]}
 */
function texts(node, tag) {
  if (typeof node === "string") return [];
  const own = node.tag === tag ? [node.children.filter((child) => typeof child === "string").join()] : [];
  return [...own, ...node.children.flatMap((child) => texts(child, tag))];
}

test("only administrators are offered a calibration, which others may not start", () => {
  assert.deepEqual(texts(described(CurveCard).content(), "button"), ["curve.calibrate"]);
  const other = described(CurveCard, { user: { is_admin: false } });
  assert.deepEqual(texts(other.content(), "button"), []);
});

test("a curve is not said to be unknown before it is read", (context) => {
  assert.deepEqual(texts(described(CurveCard).content(), "p"), ["curve.calibrate_text"]);
  const read = { kind: "miner", curve: [], cards_power: 0, pools: [] };
  context.mock.method(details, "get", () => read);
  assert.deepEqual(texts(described(CurveCard).content(), "p"), [
    "curve.unknown",
    "curve.calibrate_text",
  ]);
});

test("nothing is said of the efficiency with threads whose power is unknown", (context) => {
  const curve = [null, null, 70].map((power, threads) => ({
    threads,
    power,
    hashrate: 500 * threads,
    is_measured: power !== null,
  }));
  context.mock.method(details, "get", () => ({ kind: "miner", curve, cards_power: 0, pools: [] }));
  const { content } = described(CurveCard);
  assert.deepEqual(texts(content(), "td").slice(-4), ["2", "70\u00a0W", "1,000\u00a0H/s", "14.3"]);
  assert.deepEqual(texts(content(), "td").slice(0, 8), ["0", "", "0\u00a0H/s", "", "1", "", "500\u00a0H/s", ""]);
});

test("events are not said to be none before they are read, and stay while they are", (context) => {
  /** @type {any} */
  let read;
  context.mock.method(events, "get", () => read);
  const differing = { formatEntityAttributeValue: (/** @type {any} */ ...values) => values[2] };
  const { content } = described(EventsCard, differing);
  assert.deepEqual(texts(content(), "p"), []);
  read = [];
  assert.deepEqual(texts(content(), "p"), ["events.none"]);
  read = [{ time: new Date(0), type: "restarted", facts: {} }];
  content();
  read = undefined;
  assert.deepEqual(texts(content(), "b"), ["restarted"]);
});

test("a name in the table leads to a page where there is one, else to its state", () => {
  assert.deepEqual(texts(described(MinersCard).content(), "a"), []);
  assert.ok(texts(described(MinersCard).content(), "button").includes("rig"));
  const own = described(MinersCard, {}, { has_pages: true });
  assert.deepEqual(texts(own.content(), "a"), ["rig"]);
});

test("the table has the threads that run: none of a paused miner", () => {
  const threads = (/** @type {string} */ status) => {
    const shows = { ...SHOWS, "sensor.status": stateOf(status) };
    const { content } = described(MinersCard, homeAssistant({ rig: { shows } }));
    return texts(content(), "td")[2];
  };
  assert.equal(threads("mining"), "6\u00a0/\u00a08");
  assert.equal(threads("paused"), "0\u00a0/\u00a08");
});

test("the name of a miner leads to its page, where there is one", () => {
  const links = (/** @type {object} */ config) => all(described(MinerCard, {}, config).content(), "a");
  assert.deepEqual(links({}), []);
  const [link] = links({ has_pages: true });
  assert.equal(link?.props.href, "miner-rig");
  assert.deepEqual(link && texts(link, "h2"), ["rig"]);
});

test("texts of repairs are loaded again in another language", () => {
  /** @type {(string | undefined)[]} */
  const loaded = [];
  const { card } = described(CurveCard, { language: "en" });
  card.requestRender = () => undefined;
  const inLanguage = (/** @type {string} */ language) => ({
    ...card._hass,
    language,
    loadBackendTranslation: async () => loaded.push(language),
  });
  card.hass = inLanguage("en");
  card.hass = inLanguage("de");
  card.hass = inLanguage("de");
  assert.deepEqual(loaded, ["de"]);
});
