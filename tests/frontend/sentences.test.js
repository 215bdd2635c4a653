/** Tests of what is said of miners and the manager. */

/** @import { Issue, Manager, Miner } from "../../custom_components/xmrig_miner/frontend/web/types.js" */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { columnsOf, sorted, totals } from "../../custom_components/xmrig_miner/frontend/web/overview.js";
import {
  managerNotes,
  managerSentence,
  sentenceOf,
} from "../../custom_components/xmrig_miner/frontend/web/managing.js";
import {
  factsOf,
  isInTrouble,
  minerSentence,
  minerWord,
  problemsOf,
} from "../../custom_components/xmrig_miner/frontend/web/sentences.js";
import { translator } from "../../custom_components/xmrig_miner/frontend/web/texts.js";

const EN = JSON.parse(
  readFileSync(
    new URL("../../custom_components/xmrig_miner/frontend/web/translations/en.json", import.meta.url),
    "utf8",
  ),
);

/** @param {Partial<Miner>} [values] @returns {Miner} */
const miner = (values = {}) => ({
  id: "a",
  entryId: "e",
  name: "rig",
  keys: new Map(),
  status: "mining",
  usesCpu: true,
  isManaged: false,
  isControllable: true,
  issues: [],
  ...values,
});

/** @param {Partial<Manager>} [values] @returns {Manager} */
const manager = (values = {}) => ({
  id: "m",
  entryId: "f",
  name: "Manager",
  keys: new Map(),
  mode: "smart",
  modes: ["off", "smart", "full", "manual"],
  issues: [],
  ...values,
});

/** @param {string} key @returns {Issue} */
const issue = (key) => ({
  issue_id: `${key}_e`,
  domain: "xmrig_miner",
  translation_key: key,
  translation_placeholders: null,
  is_fixable: false,
  ignored: false,
  severity: "warning",
  learn_more_url: null,
});

const time = () => "12:00";
const watts = (/** @type {number} */ value) => `${value} W`;

/** @param {Partial<Miner>} values @param {Manager} [by] */
const said = (values, by) => minerSentence(miner(values), by, time, watts);

test("a miner that mines says with how many threads, and who set them", () => {
  assert.deepEqual(said({}), { key: "state.mining" });
  assert.deepEqual(said({ threads: 8, maxThreads: 8 }), {
    key: "state.mining_all",
    values: { count: 8 },
  });
  const some = { threads: 6, maxThreads: 8 };
  assert.equal(said(some).key, "state.mining_some");
  assert.equal(said({ ...some, isManaged: true }, manager()).key, "state.mining_managed");
  // In manual mode, the manager sets nothing
  assert.equal(
    said({ ...some, isManaged: true }, manager({ mode: "manual" })).key,
    "state.mining_some",
  );
  assert.deepEqual(said({ ...some, powerLimit: 90 }), {
    key: "state.mining_limited",
    values: { threads: 6, count: 8, limit: "90 W" },
  });
});

test("a miner that rests says why", () => {
  const paused = { status: /** @type {const} */ ("paused") };
  assert.equal(said(paused).key, "state.paused_only");
  assert.equal(said({ ...paused, pauseReason: "battery" }).key, "state.paused.battery");
  assert.equal(said({ ...paused, pauseReason: "asked_here" }).key, "state.paused_here");
  assert.deepEqual(said({ ...paused, pauseReason: "asked_here", pausedUntil: new Date(0) }), {
    key: "state.paused_until",
    values: { time: "12:00" },
  });
  assert.equal(said({ ...paused, pauseReason: "power_limit" }).key, "state.paused_limit");
  assert.equal(said({ status: "stopped", pauseReason: "asked_here" }).key, "state.stopped_here");
  assert.equal(said({ status: "stopped", pauseReason: "at_the_miner" }).key, "state.stopped");
  const managed = { ...paused, pauseReason: "manager" };
  assert.equal(said(managed).key, "state.paused_managed.other");
  assert.equal(
    said(managed, manager({ reason: "meter_silent" })).key,
    "state.paused_managed.meter_silent",
  );
});

test("a miner that is away says since when, and one that sleeps is not in trouble", () => {
  assert.equal(said({ status: "offline" }).key, "state.offline");
  assert.equal(said({ status: "offline", since: new Date(0) }).key, "state.offline_since");
  const asleep = miner({ status: "offline", sleep: "asleep" });
  assert.equal(minerSentence(asleep, undefined, time, watts).key, "state.asleep");
  assert.equal(minerWord(asleep).key, "word.asleep");
  assert.equal(isInTrouble(asleep), false);
  assert.equal(isInTrouble(miner({ status: "offline" })), true);
});

test("a calibration comes before what the miner does, unless it is away", () => {
  assert.equal(said({ calibration: 30 }).key, "state.calibrating");
  assert.equal(said({ calibration: 30, status: "offline" }).key, "state.offline");
});

test("repairs are problems, and read-only alone is no trouble", () => {
  const found = miner({ issues: [issue("read_only")] });
  assert.equal(problemsOf(found).length, 1);
  assert.equal(isInTrouble(found), false);
  assert.equal(isInTrouble(miner({ issues: [issue("no_huge_pages")] })), true);
});

test("a miner that nothing is sent to does not count as silent as well", () => {
  for (const key of ["another_miner", "certificate_changed", "plain_http"]) {
    const found = miner({ status: "offline", issues: [issue("outdated"), issue(key)] });
    assert.deepEqual(
      problemsOf(found).map(({ message }) => message.key),
      ["issue.outdated", `issue.${key}`],
    );
    assert.equal(isInTrouble(found), true);
  }
  const silent = miner({ status: "offline", issues: [issue("outdated")] });
  assert.equal(problemsOf(silent)[0]?.message.key, "problem.offline");
});

test("the manager says what it uses, and who gets it", () => {
  const miners = [
    miner({ name: "one", isManaged: true, threads: 6, maxThreads: 16 }),
    miner({ name: "two", isManaged: true, status: "paused" }),
  ];
  assert.deepEqual(managerSentence(manager({ surplus: 5, miningPower: 292 }), miners, watts), {
    lead: { key: "manager.using", values: { power: "292 W" } },
    mining: [{ key: "manager.share.some", values: { threads: 6, count: 16, name: "one" } }],
    others: [{ key: "manager.others.rest", names: ["two"] }],
  });
  const short = managerSentence(manager({ surplus: -50, miningPower: 292 }), miners, watts);
  assert.deepEqual(short.lead, {
    key: "manager.short",
    values: { power: "292 W", missing: "50 W" },
  });
  // The house itself draws more than the sun delivers
  const none = managerSentence(manager({ surplus: -1749, miningPower: 160 }), miners, watts);
  assert.deepEqual(none.lead.values, { power: "160 W", missing: "160 W" });
});

test("the manager names reasons and modes, and counts many miners", () => {
  const lead = (/** @type {Partial<Manager>} */ values, /** @type {Miner[]} */ miners) =>
    managerSentence(manager(values), miners, watts);
  const many = Array.from({ length: 20 }, () => miner({ isManaged: true }));
  assert.equal(lead({}, []).lead.key, "manager.nothing_managed");
  assert.equal(lead({ reason: "no_surplus" }, many).lead.key, "manager.rest.no_surplus");
  assert.equal(lead({ reason: "waking" }, many).lead.key, "manager.rest.waking");
  assert.deepEqual(lead({ mode: "manual" }, many), {
    lead: { key: "manager.mode.manual" },
    mining: [],
    others: [],
  });
  assert.deepEqual(lead({ mode: "full" }, many).mining, [
    { key: "manager.share.many", values: { mining: 20, count: 20 } },
  ]);
});

test("the manager does not say that everything runs while nothing does", () => {
  const lead = (/** @type {Miner["status"]} */ status, /** @type {string} */ reason) => {
    const miners = [miner({ isManaged: true, status }), miner()];
    return managerSentence(manager({ mode: "full", reason }), miners, watts).lead.key;
  };
  assert.equal(lead("mining", "everything_at_full"), "manager.mode.full");
  assert.equal(lead("starting", "waking"), "manager.mode.full");
  assert.equal(lead("paused", "temperature"), "manager.rest.temperature");
  assert.equal(lead("offline", "waking"), "manager.rest.waking");
  assert.equal(lead("offline", "everything_at_full"), "manager.rest.other");
});

test("who mines, rests, sleeps or is away is said in sentences of one kind each", () => {
  const t = translator(EN, "en");
  const say = (/** @type {Miner[]} */ miners, language = "en") =>
    sentenceOf(managerSentence(manager({ surplus: 5, miningPower: 292 }), miners, watts), t, language);
  const of = (/** @type {string} */ name, /** @type {Partial<Miner>} */ values) =>
    miner({ name, isManaged: true, ...values });
  const [one, two] = [
    of("rig-one", { status: "paused" }),
    of("rig-two", { threads: 4, maxThreads: 8 }),
  ];
  assert.equal(
    say([one, two]),
    "Using 292 W of surplus: 4 of 8 threads on rig-two. rig-one rests.",
  );
  // Nothing is between sentences in Japanese
  assert.doesNotMatch(say([one, two], "ja"), /\. /);
  assert.equal(
    say([of("a", { status: "offline" }), one, of("b", { status: "stopped" })]),
    "Using 292 W of surplus. a is offline. rig-one and b rest.",
  );
  assert.equal(
    say([of("c", {}), two, of("d", { status: "offline", sleep: "asleep" })]),
    "Using 292 W of surplus: c and 4 of 8 threads on rig-two. d sleeps.",
  );
  assert.equal(
    say(Array.from({ length: 9 }, (_, place) => (place ? one : two))),
    "Using 292 W of surplus: 1 of 9 miners.",
  );
});

test("an event says what was before and after, or what is known of it", () => {
  const facts = (/** @type {Record<string, any>} */ known) =>
    factsOf({ time: new Date(0), type: "any", facts: known }, String);
  assert.equal(facts({ before: "a:1", after: "b:2" }), "a:1 → b:2");
  assert.equal(facts({ uptime: 5, version: "6.26.0" }), "XMRig 6.26.0");
  assert.equal(facts({ difficulty: 1234 }), "1234");
  assert.equal(facts({ paths: ["a", "b", "c", "d", "e"] }), "a, b, c, d, …");
  assert.deepEqual(facts({ mining: false, threads: 3 }), { key: "word.paused" });
  assert.deepEqual(facts({ mining: true, threads: 3 }), {
    key: "miner.threads",
    values: { count: 3 },
  });
  assert.equal(facts({ mining: null, threads: null }), undefined);
});

test("notes name only the rules that are set", () => {
  assert.deepEqual(managerNotes(manager({ reserve: 0, batteryPriority: 0 }), watts), []);
  assert.deepEqual(
    managerNotes(manager({ reserve: -30, batteryPriority: 80 }), watts).map(({ key }) => key),
    ["manager.note.battery", "manager.note.buys"],
  );
  assert.deepEqual(managerNotes(manager({ mode: "full", reserve: 30 }), watts), []);
});

test("that threads wait for the surplus is not said twice", () => {
  const waits = { reason: "waiting_to_step_up", reserve: 0 };
  const keys = (/** @type {number} */ miningPower) =>
    managerNotes(manager({ ...waits, miningPower }), watts).map(({ key }) => key);
  assert.deepEqual(keys(40), ["manager.note.waiting"]);
  // The sentence says it already
  assert.deepEqual(keys(0), []);
});

test("figures add up what is known, and only that", () => {
  assert.equal(totals([]).hashrate, undefined);
  const found = totals([
    miner({ hashrate: 1000, power: 100 }),
    miner({ hashrate: 0, power: 20, status: "paused" }),
    miner({ hashrate: 500 }),
    miner({ power: 300 }),
    miner({ status: "offline" }),
  ]);
  assert.deepEqual(found, {
    miners: 5,
    mining: 3,
    offline: 1,
    hashrate: 1500,
    power: 420,
    efficiency: 10,
  });
});

test("those in trouble come first, and a column sorts with unknown values last", () => {
  const fine = miner({ id: "fine", hashrate: 5 });
  const issues = miner({ id: "issue", hashrate: 9, issues: [issue("no_huge_pages")] });
  const away = miner({ id: "away", status: "offline" });
  const ids = (/** @type {Miner[]} */ miners) => miners.map(({ id }) => id);
  const all = [fine, issues, away];
  assert.deepEqual(ids(sorted(all, undefined)), ["away", "issue", "fine"]);
  assert.deepEqual(ids(sorted(all, { column: "hashrate", descending: true })), [
    "issue",
    "fine",
    "away",
  ]);
  assert.deepEqual(ids(sorted(all, { column: "name", descending: true })), [
    "away",
    "issue",
    "fine",
  ]);
  assert.deepEqual(columnsOf(all), ["name", "state", "hashrate"]);
});
