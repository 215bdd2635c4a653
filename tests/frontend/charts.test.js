/** Tests of charts, of the scales of sliders, and of what is read for them. */

/** @import { MinerDetails } from "../../custom_components/xmrig_miner/frontend/web/types.js" */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import {
  areaPath,
  available,
  bandPath,
  beginning,
  bestPoint,
  hours,
  linePath,
  peak,
  ticks,
} from "../../custom_components/xmrig_miner/frontend/web/charts.js";
import { flows, means, rises, toEvents } from "../../custom_components/xmrig_miner/frontend/web/history.js";
import { limitOf } from "../../custom_components/xmrig_miner/frontend/web/limits.js";
import {
  nextStep,
  powerMarks,
  powerSteps,
  threadsWithin,
} from "../../custom_components/xmrig_miner/frontend/web/marks.js";
import { readMiners } from "../../custom_components/xmrig_miner/frontend/web/readings.js";
import { Store, watchStores } from "../../custom_components/xmrig_miner/frontend/web/store.js";
import { homeAssistant, MINING, stateOf } from "./miners.js";

const FRAME = { width: 100, height: 100, from: 0, to: 100, maximum: 10 };

/** @param {...[number, number]} pairs */
const points = (...pairs) => pairs.map(([time, value]) => ({ time, value }));

test("an axis has round marks that its highest value is not below", () => {
  assert.deepEqual(ticks(430, 4), [0, 200, 400]);
  assert.deepEqual(ticks(0.3, 3), [0, 0.1, 0.2, 0.30000000000000004]);
  assert.deepEqual(ticks(0, 4), [0]);
});

test("a line is broken where nothing was recorded for long", () => {
  const series = points([0, 0], [10, 5], [50, 10]);
  assert.equal(linePath(FRAME, series, 20), "M0 100L10 50M50 0");
  assert.equal(areaPath(FRAME, series.slice(0, 2), 20), "M0 100L0 100L10 50L10 100Z");
  assert.equal(linePath(FRAME, [], 20), "");
  assert.equal(peak(series, points([0, 12])), 12);
  assert.equal(peak([]), 0);
});

test("what was bought is what mining drew beyond what was left over", () => {
  const mining = points([0, 100], [20, 100]);
  const { free, bought } = available(points([10, 50], [30, -40], [40, -300]), mining);
  assert.deepEqual(free, points([10, 150], [30, 60], [40, 0]));
  assert.deepEqual(
    bought.map(({ low, high }) => [low, high]),
    [
      [100, 100],
      [60, 100],
      [0, 100],
    ],
  );
  const frame = { ...FRAME, maximum: 100 };
  assert.equal(bandPath(frame, bought, 20), "M10 0L30 0L40 0L40 100L30 40L10 0Z");
  assert.equal(bandPath(frame, bought, 15), "M30 0L40 0L40 100L30 40Z");
});

test("mining that paused for a load was not bought, where it was counted what was", () => {
  // 2 kW for a minute: the mean of what was left over is far below 0
  const surplus = points([10, -300], [20, -40], [30, 50], [40, -60]);
  const mining = points([10, 140], [20, 140], [30, 0], [40, 140]);
  const [grid, battery] = [points([10, 12], [20, 24], [30, 12]), points([20, 12], [30, 0])];
  const { free, bought } = available(surplus, mining, [grid, battery, []]);
  assert.deepEqual(
    bought.slice(0, 3).map(({ low, high }) => [low, high]),
    [
      [128, 140],
      [104, 140],
      [0, 0],
    ],
  );
  assert.deepEqual(free.slice(0, 3), points([10, 128], [20, 104], [30, 50]));
});

test("each sixth hour is marked, in the user's time zone", () => {
  /** @param {number} from @param {number} to in hours */
  const marked = (from, to) =>
    hours(from * 3600, to * 3600, (date) => (date.getUTCHours() + 1) % 24).map((date) =>
      date.getUTCHours(),
    );
  assert.deepEqual(marked(0.5, 24.5), [5, 11, 17, 23]);
  assert.deepEqual(marked(1.7, 7), [2, 5]);
  assert.deepEqual(marked(1.99, 4.01), [3]);
});

test("an axis begins with the first value until there is a day of them", () => {
  const now = 100_000;
  assert.equal(beginning(now, points([10, 1], [now, 1])), now - 86_400);
  assert.equal(beginning(now, points([90_000, 1]), points([80_000, 1])), 80_000);
  assert.equal(beginning(now, points([now - 60, 1]), []), now - 3600);
  assert.equal(beginning(now, []), now - 3600);
});

test("the best point is a measured one where there is any", () => {
  const point = (/** @type {number} */ threads, /** @type {number} */ power, /** @type {number} */ hashrate, is_measured = false) =>
    ({ threads, power, hashrate, is_measured });
  const guessed = [point(0, 40, 0), point(1, 50, 600), point(2, 60, 1100)];
  assert.equal(bestPoint(guessed)?.threads, 2);
  const measured = [point(3, 100, 1200, true), point(4, 120, 1300, true)];
  assert.equal(bestPoint([...guessed, ...measured])?.threads, 3);
  // One alone compares with nothing
  assert.equal(bestPoint([...guessed, ...measured.slice(0, 1)])?.threads, 2);
  assert.equal(bestPoint([point(0, 40, 0)]), undefined);
  const unknown = { threads: 1, power: null, hashrate: 600, is_measured: false };
  assert.equal(bestPoint([point(0, 40, 0), unknown, point(2, 60, 1100, true)]), undefined);
  assert.equal(bestPoint([point(0, 40, 0), point(1, 60, 1100, true)])?.threads, 1);
});

test("a slider over watts has a mark for each number of threads, with its cards", () => {
  const curve = [40, 52, null, 76].map((power, threads) => ({
    threads,
    power,
    hashrate: null,
    is_measured: false,
  }));
  const steps = powerSteps(curve, 100);
  assert.deepEqual(steps, [
    { threads: 0, power: 40 },
    { threads: 1, power: 152 },
    { threads: 3, power: 176 },
  ]);
  assert.equal(threadsWithin(steps, 151), 0);
  assert.equal(threadsWithin(steps, 152), 1);
  assert.equal(threadsWithin(steps, 500), 3);
  // An arrow key leads from step to step, and nowhere beyond the last
  assert.equal(nextStep(steps, 152, 1), 176);
  assert.equal(nextStep(steps, 160, -1), 152);
  assert.equal(nextStep(steps, 176, 1), 176);
  const many = Array.from({ length: 65 }, (_, threads) => ({ threads, power: threads }));
  assert.ok(powerMarks(many).length <= 13);
  assert.equal(powerMarks(many).at(-1)?.threads, 64);
});

test("marks of a slider over watts do not touch", () => {
  // Graphics cards draw most of it, so that the steps of the threads are close together
  const steps = powerSteps(
    Array.from({ length: 17 }, (_, threads) => ({
      threads,
      power: 60 + 8 * threads,
      hashrate: null,
      is_measured: false,
    })),
    600,
  );
  const marks = powerMarks(steps);
  assert.deepEqual([marks[0]?.threads, marks.at(-1)?.threads], [0, 16]);
  marks.slice(1).forEach(({ power }, place) => {
    assert.ok(power - (marks[place]?.power ?? 0) >= (788 - 60) / 14);
  });
});

test("all cards share one request, which is repeated while they ask", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[][]} */
  const asked = [];
  const store = new Store(async (_, keys) => {
    asked.push(keys);
    if (asked.length === 2) throw new Error("disconnected");
    return new Map([["a", asked.length]]);
  }, 1000);
  const hass = /** @type {any} */ ({});
  let told = 0;
  const stop = watchStores(() => {
    told += 1;
  });
  const passed = async (/** @type {number} */ time) => {
    mock.timers.tick(time);
    // Until all that was waiting for the answer is done
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  assert.equal(store.get(hass, "a"), undefined);
  assert.equal(store.get(hass, "b"), undefined);
  await passed(100);
  assert.deepEqual(asked, [["a", "b"]]);
  assert.deepEqual([store.get(hass, "a"), store.get(hass, "b"), told], [1, undefined, 1]);
  // An error keeps what was known
  await passed(1000);
  assert.deepEqual([asked.length, store.get(hass, "a"), told], [2, 1, 2]);
  // b is no longer asked for
  await passed(1000);
  assert.deepEqual(asked.at(-1), ["a"]);
  assert.equal(store.get(hass, "a"), 3);
  // No card is there any more
  stop();
  await passed(5000);
  assert.equal(asked.length, 3);
  mock.timers.reset();
});

test("what is asked for while something is read is read, too", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[][]} */
  const asked = [];
  /** @type {(() => void)[]} */
  const answers = [];
  const store = new Store(async (_, keys) => {
    asked.push(keys);
    await new Promise((resolve) => answers.push(() => resolve(undefined)));
    return new Map(keys.map((key) => [key, key]));
  }, 1000);
  const hass = /** @type {any} */ ({});
  store.get(hass, "a");
  mock.timers.tick(100);
  store.get(hass, "a");
  store.get(hass, "b");
  mock.timers.tick(100);
  assert.deepEqual(asked, [["a"], ["b"]]);
  mock.timers.reset();
});

test("statistics become the points of charts, and the sums of counters", async () => {
  /** @type {any[]} */
  const asked = [];
  const hass = /** @type {any} */ ({
    callWS: async (/** @type {any} */ message) => {
      asked.push(message);
      return {
        "sensor.a": [
          { start: 0, end: 300_000, mean: 5, change: 3 },
          { start: 300_000, end: 600_000, mean: null, change: null },
        ],
      };
    },
  });
  const found = await means._readAll(hass, ["sensor.a", "sensor.new"]);
  assert.deepEqual(found.get("sensor.a"), points([150, 5]));
  assert.deepEqual(found.get("sensor.new"), []);
  assert.equal(asked[0].units.power, "W");
  assert.equal((await rises._readAll(hass, ["sensor.a"])).get("sensor.a"), 6);
  assert.deepEqual(
    asked.slice(1).map(({ period }) => period),
    ["hour", "5minute"],
  );
  // Neither counts what the other does
  assert.ok(asked[1].start_time < asked[2].start_time);
});

test("a counter of energy is shown as the power of each five minutes", async () => {
  const row = (/** @type {number} */ start, /** @type {number | null} */ change) => ({
    start,
    end: start + 300_000,
    change,
  });
  /** @type {any} */
  const hass = { callWS: async () => ({ "sensor.a": [row(0, 0.001), row(300_000, null)] }) };
  assert.deepEqual(
    await flows._readAll(hass, ["sensor.a", "sensor.b"]),
    new Map([
      ["sensor.a", points([150, 12])],
      ["sensor.b", []],
    ]),
  );
});

test("events are those of the states, the latest first, and each once", () => {
  const state = (/** @type {string} */ time, /** @type {string} */ event_type) => ({
    s: time,
    a: { event_type },
  });
  const found = toEvents([
    state("unknown", ""),
    state("2026-01-01T00:00:00Z", "restarted"),
    state("2026-01-01T00:00:00Z", "restarted"),
    state("2026-01-02T00:00:00Z", "pool_changed"),
  ]);
  assert.deepEqual(
    found.map(({ type }) => type),
    ["pool_changed", "restarted"],
  );
});

test("the slider of a miner is over watts where they are known, else over threads", () => {
  const power = (/** @type {string} */ state) =>
    stateOf(state, { max: 140, unit_of_measurement: "W" });
  const curve = Array.from({ length: 9 }, (_, threads) => ({
    threads,
    power: 40 + 12 * threads,
    hashrate: null,
    is_measured: false,
  }));
  const t = (/** @type {string} */ key, /** @type {any} */ values) =>
    `${key} ${values?.count ?? ""}`.trim();
  const limit = (/** @type {any} */ shows, /** @type {number} */ moved, of = curve) => {
    const hass = homeAssistant({ rig: { shows: { ...MINING, ...shows } } });
    const [miner] = readMiners(hass, []);
    assert.ok(miner);
    /** @type {MinerDetails} */
    const known = { kind: "miner", pools: [], curve: of, cards_power: 0 };
    const found = limitOf(hass, t, miner, known, moved);
    assert.ok(found);
    return found;
  };
  const free = limit({ "number.power_limit": power("140") }, 140);
  assert.deepEqual([free.minimum, free.maximum, free.spoken], [40, 140, "miner.no_limit"]);
  // The first step down takes a thread, and the last one up is no limit
  assert.equal(free.next(140, -1), 124);
  assert.equal(free.next(124, 1), 140);
  const held = limit({ "number.power_limit": power("115") }, 115);
  assert.equal(held.spoken, "miner.at_most 6");
  assert.equal(held.next(40, -1), 40);
  assert.equal(limit({ "number.power_limit": power("50") }, 50).spoken, "miner.at_rest 0");
  // Nothing to choose between, as long as all of them draw the same
  const flat = curve.map((point) => ({ ...point, power: 136 }));
  assert.equal(limit({ "number.power_limit": power("140") }, 0, flat).maximum, 8);
  const threads = limit({}, 0, []);
  assert.deepEqual([threads.value, threads.maximum, threads.next(1, -1)], [1, 8, 1]);
});

test("a miner that mines with graphics cards only has no threads, and no slider", () => {
  const shows = { ...MINING, "switch.cpu_backend": stateOf("off") };
  const hass = homeAssistant({ rig: { shows } });
  const [miner] = readMiners(hass, []);
  assert.ok(miner);
  assert.deepEqual([miner.threads, miner.maxThreads], [undefined, undefined]);
  assert.equal(limitOf(hass, String, miner, undefined, undefined), undefined);
});
