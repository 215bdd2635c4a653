/** Tests of what is read from the states. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf } from "../../custom_components/xmrig_miner/frontend/web/gpus.js";
import { limitOf } from "../../custom_components/xmrig_miner/frontend/web/limits.js";
import { numberOf, readManager, readMiner, readMiners } from "../../custom_components/xmrig_miner/frontend/web/readings.js";
import { findCards, findManager, findMiner, findMiners } from "../../custom_components/xmrig_miner/frontend/web/registry.js";
import { homeAssistant, MANAGER, MINING, stateOf } from "./miners.js";

/** @param {Parameters<typeof homeAssistant>[0]} devices @param {any} [issues] */
const miners = (devices, issues = []) => readMiners(homeAssistant(devices), issues);

test("a number is one that is known, in the unit that is asked for", () => {
  const units = { W: 1, kW: 1000 };
  const state = (/** @type {string} */ value, unit = "kW") =>
    /** @type {any} */ (stateOf(value, { unit_of_measurement: unit }));
  assert.equal(numberOf(state("0")), 0);
  assert.equal(numberOf(state("0.2"), units), 200);
  for (const value of ["unknown", "unavailable", "", "Infinity", "abc"]) {
    assert.equal(numberOf(state(value), units), undefined);
  }
  assert.equal(numberOf(state("1", "BTU/h"), units), undefined);
  assert.equal(numberOf(undefined), undefined);
});

test("a miner is read by the keys of its entities, with figures in one unit", () => {
  const [miner] = miners({ rig: { shows: MINING } });
  assert.ok(miner);
  assert.deepEqual(
    [miner.status, miner.hashrate, miner.threads, miner.maxThreads, miner.isMiningOn],
    ["mining", 2500, 6, 8, true],
  );
  // There is no sensor of it, so it is not 0
  assert.equal(miner.power, undefined);
  assert.equal(miner.isControllable, true);
});

test("a miner that is away has no hashrate, and one that is read-only no switch", () => {
  const [away, readOnly] = miners({
    a: { shows: { ...MINING, "sensor.status": stateOf("unavailable") } },
    b: { shows: { "sensor.status": stateOf("paused") } },
  });
  assert.equal(away?.status, "offline");
  assert.equal(away?.hashrate, undefined);
  assert.equal(readOnly?.isControllable, false);
  assert.equal(readOnly?.isMiningOn, undefined);
});

test("the end of the slider is no power limit", () => {
  const limit = (/** @type {string} */ value) =>
    miners({
      a: {
        shows: {
          ...MINING,
          "number.power_limit": stateOf(value, { max: 250, unit_of_measurement: "W" }),
        },
      },
    })[0]?.powerLimit;
  assert.equal(limit("250"), undefined);
  assert.equal(limit("100"), 100);
});

test("the hottest card counts", () => {
  const card = (/** @type {string} */ value) => ({
    of: "rig",
    model: `Card ${value}`,
    shows: { "sensor.gpu_temperature": stateOf(value, { unit_of_measurement: "°C" }) },
  });
  const [miner] = miners({ rig: { shows: MINING }, b: card("61"), c: card("70"), d: card("unknown") });
  assert.deepEqual(miner?.temperature, { value: 70, unit: "°C", name: "Card 70" });
});

test("repairs belong to the miner whose entry they name, unless they are ignored", () => {
  const issue = { issue_id: "outdated_a-entry", ignored: false };
  const found = miners({ a: { shows: MINING }, b: { shows: MINING } }, [
    issue,
    { issue_id: "outdated_b-entry", ignored: true },
  ]);
  assert.deepEqual(found.map(({ issues }) => issues), [[issue], []]);
});

test("hidden entities are not there, and devices of others are no miners", () => {
  const hass = homeAssistant({ a: { shows: MINING }, b: { shows: MINING } });
  for (const entity of Object.values(hass.entities)) {
    if (entity.device_id === "a" && entity.translation_key === "status") entity.hidden = true;
    if (entity.device_id === "b") entity.platform = "other";
  }
  assert.deepEqual(findMiners(hass), []);
  assert.equal(findMiner(hass, "a"), undefined);
  assert.equal(findMiner(hass, "gone"), undefined);
});

test("miners are ordered by name as people count", () => {
  const names = ["rig-10", "Rig-2", "rig-1"];
  const devices = Object.fromEntries(names.map((name) => [name, { shows: MINING }]));
  assert.deepEqual(
    miners(devices).map(({ name }) => name),
    ["rig-1", "Rig-2", "rig-10"],
  );
});

test("the manager is no miner", () => {
  const hass = homeAssistant({ manager: { shows: MANAGER }, rig: { shows: MINING } });
  const unit = findManager(hass);
  assert.ok(unit);
  assert.equal(findMiners(hass).length, 1);
  const manager = readManager(hass, unit, []);
  assert.deepEqual(
    [manager.mode, manager.reason, manager.surplus, manager.miningPower, manager.modes.length],
    ["smart", "no_surplus", 200, undefined, 4],
  );
  const miner = findMiner(hass, "rig");
  assert.equal(miner && readMiner(hass, miner, []).name, "rig");
});

test("the bars of graphics cards compare them with the best of the day", () => {
  const card = (/** @type {string} */ temperature, /** @type {string} */ power, unit = "°C") => ({
    of: "rig",
    shows: {
      "sensor.gpu_temperature": stateOf(temperature, { unit_of_measurement: unit }),
      "sensor.gpu_power": stateOf(power, { unit_of_measurement: "W" }),
    },
  });
  const hass = homeAssistant({
    rig: { shows: MINING },
    a: card("65", "100"),
    b: card("176", "50", "°F"),
    c: card("unavailable", "unavailable"),
  });
  const rig = findMiner(hass, "rig");
  assert.ok(rig);
  const cards = findCards(hass, rig);
  const [a, b, c] = barsOf(hass, cards, () => [{ time: 0, value: 200 }]);
  assert.deepEqual(
    a?.map(({ key, share, kind }) => [key, share, kind]),
    [
      ["sensor.gpu_temperature", 0.5, ""],
      ["sensor.gpu_power", 0.5, ""],
    ],
  );
  assert.equal(b?.[0]?.kind, "warm");
  assert.equal(b?.[1]?.share, 0.25);
  assert.deepEqual(c, []);
});

test("a slider is filled up to the mark of the threads, before a meter shows them", () => {
  const watts = (/** @type {string} */ value) => stateOf(value, { unit_of_measurement: "W", max: 140 });
  const shows = { ...MINING, "number.power_limit": watts("140"), "sensor.power": watts("40") };
  const hass = homeAssistant({ rig: { shows } });
  const [miner] = readMiners(hass, []);
  assert.ok(miner);
  const curve = [0, 6, 8].map((threads) => ({ threads, power: 40 + 12 * threads, hashrate: 0, is_measured: true }));
  const details = /** @type {any} */ ({ curve, cards_power: 0 });
  assert.equal(limitOf(hass, (key) => key, miner, details, undefined)?.filled, 112);
  assert.equal(limitOf(hass, (key) => key, { ...miner, threads: 5 }, details, undefined)?.filled, 40);
});
