/** Tests of the dashboard: which views and cards there are, by what is set up. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TABLE_FROM, TABS_UP_TO } from "../../custom_components/xmrig_miner/frontend/web/overview.js";
import { homeAssistant, MANAGER, MINING, stateOf } from "./miners.js";

// What a browser has
Object.assign(globalThis, { HTMLElement: class {} });
const { inPlace, views, XmrigStrategy } = await import("../../custom_components/xmrig_miner/frontend/web/strategy.js");

/** @param {Parameters<typeof homeAssistant>[0]} devices */
const shown = (devices) => views(homeAssistant(devices), (key) => key);

/** @param {number} count */
const many = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`rig-${place}`, { shows: MINING }]));

/** @param {any} view */
const types = (view) =>
  view.sections.flatMap((/** @type {any} */ { cards }) =>
    cards.map((/** @type {any} */ { type }) => type.replace("custom:xmrig-", "")),
  );

test("without a miner, there is one card, which says how to add one", () => {
  const [overview, ...others] = shown({});
  assert.deepEqual(types(overview), ["overview"]);
  assert.deepEqual(others, []);
});

test("there is a card and a page for each miner, and one for the manager", () => {
  const [overview, one, two] = shown({
    manager: { shows: MANAGER },
    two: { shows: MINING },
    one: { shows: MINING },
  });
  assert.deepEqual(types(overview), ["overview", "manager", "miner", "miner"]);
  assert.deepEqual([one?.title, two?.title, one?.subview], ["one", "two", false]);
  // Its path stays when it is renamed
  assert.equal(one?.path, "miner-one");
});

test("a proxy has a card and no page, with what it shows only", () => {
  const [overview, ...pages] = shown({
    proxy: {
      shows: {
        "sensor.proxy_status": stateOf("mining"),
        "sensor.proxy_miners": stateOf("3"),
        "sensor.proxy_uptime": stateOf("0"),
      },
    },
  });
  assert.deepEqual(types(overview), ["overview", "entities"]);
  assert.equal(overview?.sections[0].cards[1].entities.length, 2);
  assert.deepEqual(pages, []);
});

test("no row of miners is half empty", () => {
  const columns = [1, 2, 3, 4, 5].map((count) => shown(many(count))[0]?.max_columns);
  assert.deepEqual(columns, [2, 2, 3, 2, 3]);
  const wide = (/** @type {number} */ count) =>
    shown(many(count))[0]?.sections[0].cards[1].grid_options?.columns;
  assert.deepEqual([wide(1), wide(2)], ["full", undefined]);
});

test("a page shows only what a miner has", () => {
  const [, page] = shown({ rig: { shows: MINING } });
  assert.deepEqual(types(page), ["miner", "heading"]);
  const [, full] = shown({
    rig: {
      shows: {
        ...MINING,
        "sensor.power": stateOf("100"),
        "select.pool": stateOf("a:1"),
        "event.activity": stateOf("unknown"),
      },
    },
    card: { of: "rig", shows: { "sensor.gpu_power": stateOf("50") } },
  });
  assert.deepEqual(types(full), ["miner", "curve", "pools", "gpus", "events", "heading"]);
});

test("the link to all entities is for administrators, who alone can open it", () => {
  const hass = { ...homeAssistant({ rig: { shows: MINING } }), user: { is_admin: false } };
  assert.deepEqual(types(views(hass, (key) => key)[1]), ["miner"]);
});

test("many miners are in a table, and have no tabs", () => {
  const few = shown(many(TABS_UP_TO + 1));
  assert.deepEqual(new Set(types(few[0])), new Set(["overview", "miner"]));
  assert.ok(few.slice(1).every(({ subview }) => subview));
  // Their pages are opened from their cards
  const cards = few[0]?.sections[0].cards.slice(1);
  assert.ok(cards.every((/** @type {any} */ card) => card.has_pages));
  assert.deepEqual(types(shown(many(TABLE_FROM))[0]), ["overview", "miners"]);
});

/** @param {...string} names */
const rigs = (...names) =>
  homeAssistant(Object.fromEntries(names.map((name) => [name, { shows: MINING }])));

test("an open page stays in its place while others come and go", () => {
  /** @param {readonly any[]} found */
  const paths = (found) => found.map(({ path }) => path);
  /** @param {...string} names */
  const viewsOf = (...names) => views(rigs(...names), (key) => key);
  const later = inPlace(viewsOf("a", "c"), viewsOf("b", "c"));
  assert.deepEqual(paths(later), ["overview", "miner-b", "miner-c", "miner-a"]);
  assert.deepEqual(later[0], viewsOf("a", "c")[0]);
  const gone = later[1];
  assert.deepEqual([gone?.title, gone?.subview], ["b", true]);
  assert.deepEqual(gone?.sections[0].cards, [{ type: "custom:xmrig-miner", device: "b" }]);
  // Until it is back
  assert.deepEqual(paths(inPlace(viewsOf("a", "b"), later)), paths(later));
});

test("tabs change their places only while the overview is shown", async (context) => {
  context.mock.method(globalThis, "fetch", async () => Response.json({}));
  /** @param {string} pathname @param {...string} names */
  const open = async (pathname, ...names) => {
    Object.assign(globalThis, { location: { pathname } });
    const generated = await XmrigStrategy.generate({}, rigs(...names));
    return generated.views.map(({ path }) => path).join(" ");
  };
  assert.equal(await open("/mining/miner-b", "b"), "overview miner-b");
  assert.equal(await open("/mining/miner-b", "a", "b"), "overview miner-b miner-a");
  // Another dashboard has its own places
  assert.equal(await open("/other/miner-b", "a", "b"), "overview miner-a miner-b");
  assert.equal(await open("/mining/overview", "a", "b"), "overview miner-a miner-b");
  assert.equal(await open("/mining/miner-b", "b"), "overview miner-a miner-b");
});
