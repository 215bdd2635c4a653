/** What is said of miners and the manager; functions of values. */

/** @import { HappenedEvent, Manager, Message, Miner, Problem, Translate } from "./types.js" */

import { listed } from "./texts.js";

/** Miners that the manager's sentence names one by one. */
export const MOST_NAMED = 3;

/** W that a meter and an estimate may differ by. */
export const NOISE = 10;

/** Reasons of the manager that explain why a miner rests. */
const REST_REASONS = new Set([
  "no_surplus",
  "battery_first",
  "price",
  "meter_silent",
  "meter_settling",
  "off",
  "waiting_to_step_up",
  "temperature",
]);

/** Reasons for a pause that need no more than a sentence. */
const PAUSE_REASONS = new Set([
  "at_the_miner",
  "battery",
  "activity",
  "battery_or_activity",
]);

const SLEEP_PHASES = new Set(["asleep", "falling_asleep", "waking"]);

/**
 * Return whether a miner sleeps, falls asleep or wakes up, as the manager wants.
 *
 * @param {Miner} miner
 */
export function sleeps(miner) {
  return miner.sleep !== undefined && SLEEP_PHASES.has(miner.sleep) && miner.status !== "mining";
}

/**
 * Return what a miner does, and why.
 *
 * @param {Miner} miner
 * @param {Manager | undefined} manager
 * @param {(date: Date) => string} formatTime
 * @param {(watts: number) => string} formatPower
 * @returns {Message}
 */
export function minerSentence(miner, manager, formatTime, formatPower) {
  if (sleeps(miner)) return { key: `state.${miner.sleep}` };
  if (miner.status === "offline") {
    return miner.since
      ? { key: "state.offline_since", values: { time: formatTime(miner.since) } }
      : { key: "state.offline" };
  }
  if (miner.calibration !== undefined) {
    return { key: "state.calibrating", values: { percent: miner.calibration } };
  }
  switch (miner.status) {
    case "mining":
      return miningSentence(miner, manager, formatPower);
    case "starting":
    case "no_pool":
    case "unknown":
      return { key: `state.${miner.status}` };
    default:
      return restSentence(miner, manager, formatTime, formatPower);
  }
}

/**
 * Return whether the manager decides over a miner.
 *
 * @param {Miner} miner
 * @param {Manager | undefined} manager
 */
export function isInCharge(miner, manager) {
  return miner.isManaged && manager?.mode !== undefined && manager.mode !== "manual";
}

/**
 * @param {Miner} miner
 * @param {Manager | undefined} manager
 * @param {(watts: number) => string} formatPower
 * @returns {Message}
 */
function miningSentence(miner, manager, formatPower) {
  const { threads, maxThreads } = miner;
  if (threads === undefined || maxThreads === undefined) return { key: "state.mining" };
  if (threads >= maxThreads) return { key: "state.mining_all", values: { count: maxThreads } };
  const values = { threads, count: maxThreads };
  if (isInCharge(miner, manager)) return { key: "state.mining_managed", values };
  if (miner.powerLimit !== undefined) {
    const limit = formatPower(miner.powerLimit);
    return { key: "state.mining_limited", values: { ...values, limit } };
  }
  return { key: "state.mining_some", values };
}

/**
 * @param {Miner} miner
 * @param {Manager | undefined} manager
 * @param {(date: Date) => string} formatTime
 * @param {(watts: number) => string} formatPower
 * @returns {Message}
 */
function restSentence(miner, manager, formatTime, formatPower) {
  const reason = miner.pauseReason;
  if (reason === "manager") {
    return manager?.reason !== undefined && REST_REASONS.has(manager.reason)
      ? { key: `state.paused_managed.${manager.reason}` }
      : { key: "state.paused_managed.other" };
  }
  if (reason === "power_limit") {
    return miner.powerLimit === undefined
      ? { key: "state.paused_limit" }
      : { key: "state.paused_limit_of", values: { limit: formatPower(miner.powerLimit) } };
  }
  if (miner.status === "stopped") {
    return { key: reason === "asked_here" ? "state.stopped_here" : "state.stopped" };
  }
  if (reason === "asked_here") {
    return miner.pausedUntil
      ? { key: "state.paused_until", values: { time: formatTime(miner.pausedUntil) } }
      : { key: "state.paused_here" };
  }
  return reason !== undefined && PAUSE_REASONS.has(reason)
    ? { key: `state.paused.${reason}` }
    : { key: "state.paused_only" };
}

/**
 * Return one word for what a miner does, for tables.
 *
 * @param {Miner} miner
 * @returns {Message}
 */
export function minerWord(miner) {
  if (sleeps(miner)) return { key: `word.${miner.sleep}` };
  if (miner.calibration !== undefined && miner.status !== "offline") {
    return { key: "word.calibrating" };
  }
  return { key: `word.${miner.status}` };
}

/**
 * What the manager does: what it works with, what mines with it, and who does something
 * else.
 *
 * @typedef {object} ManagerSentence
 * @property {Message} lead
 * @property {Message[]} mining
 * @property {{ key: string, names: string[] }[]} others
 */

/**
 * Return what the manager does at the moment.
 *
 * @param {Manager} manager
 * @param {readonly Miner[]} miners
 * @param {(watts: number) => string} formatPower
 * @returns {ManagerSentence}
 */
export function managerSentence(manager, miners, formatPower) {
  const managed = miners.filter((miner) => miner.isManaged);
  if (managed.length === 0) {
    return { lead: { key: "manager.nothing_managed" }, mining: [], others: [] };
  }
  const lead = managerLead(manager, formatPower);
  return ["off", "manual"].includes(manager.mode ?? "")
    ? { lead, mining: [], others: [] }
    : { lead, mining: shares(managed), others: others(managed) };
}

/**
 * Return the sentences of what the manager does, as one text.
 *
 * @param {ManagerSentence} sentence
 * @param {Translate} t
 * @param {string} language
 */
export function sentenceOf({ lead, mining, others: rest }, t, language) {
  const first = t(lead.key, lead.values);
  const shown = mining.map(({ key, values }) => t(key, values));
  return [
    shown.length
      ? t("manager.sentence", { lead: first, miners: listed(shown, language) })
      : t("manager.full_stop", { lead: first }),
    ...rest.map(({ key, names }) =>
      t("manager.full_stop", {
        lead: t(key, { count: names.length, names: listed(names, language) }),
      }),
    ),
  ].join(" ");
}

/**
 * @param {Manager} manager
 * @param {(watts: number) => string} formatPower
 * @returns {Message}
 */
function managerLead({ mode, reason, surplus, miningPower }, formatPower) {
  if (mode === undefined) return { key: "manager.unknown" };
  if (mode !== "smart") return { key: `manager.mode.${mode}` };
  if (reason === "meter_silent") return { key: "manager.meter_silent" };
  const draws = miningPower !== undefined && miningPower >= 1;
  if (draws && surplus !== undefined) {
    return surplus >= -NOISE
      ? { key: "manager.using", values: { power: formatPower(miningPower) } }
      : {
          key: "manager.short",
          values: { power: formatPower(miningPower), missing: formatPower(-surplus) },
        };
  }
  if (draws) return { key: "manager.mining", values: { power: formatPower(miningPower) } };
  return reason !== undefined && REST_REASONS.has(reason)
    ? { key: `manager.rest.${reason}` }
    : { key: "manager.rest.other" };
}

/**
 * Return what each miner that mines does, or how many mine if all are too many to be named.
 *
 * @param {readonly Miner[]} miners
 * @returns {Message[]}
 */
function shares(miners) {
  const mining = miners.filter(isActive);
  if (miners.length <= MOST_NAMED) return mining.map(share);
  const values = { mining: mining.length, count: miners.length };
  return mining.length ? [{ key: "manager.share.many", values }] : [];
}

/**
 * @param {Miner} miner
 * @returns {Message}
 */
function share({ name, threads, maxThreads }) {
  if (threads === undefined || maxThreads === undefined) {
    return { key: "manager.share.mines", values: { name } };
  }
  return threads >= maxThreads
    ? { key: "manager.share.all", values: { count: maxThreads, name } }
    : { key: "manager.share.some", values: { threads, count: maxThreads, name } };
}

/**
 * Return the names of the miners that do not mine, by what they do instead, unless they are
 * too many.
 *
 * @param {readonly Miner[]} miners
 */
function others(miners) {
  if (miners.length > MOST_NAMED) return [];
  const idle = miners.filter((miner) => !isActive(miner));
  const groups = [
    { key: "manager.others.sleep", of: sleeps },
    { key: "manager.others.offline", of: isAway },
    { key: "manager.others.rest", of: (/** @type {Miner} */ miner) => !sleeps(miner) && !isAway(miner) },
  ];
  return groups
    .map(({ key, of }) => ({ key, names: idle.filter(of).map(({ name }) => name) }))
    .filter(({ names }) => names.length > 0);
}

/**
 * Return whether a miner is offline although it should not be.
 *
 * @param {Miner} miner
 */
export const isAway = (miner) => miner.status === "offline" && !sleeps(miner);

/**
 * Return whether a miner mines or is about to.
 *
 * @param {Miner} miner
 */
export function isActive(miner) {
  return miner.status === "mining" || miner.status === "starting";
}

/**
 * Return the rules of the manager that apply at the moment, in few words.
 *
 * @param {Manager} manager
 * @param {(watts: number) => string} formatPower
 * @returns {Message[]}
 */
export function managerNotes({ mode, reason, reserve, batteryPriority }, formatPower) {
  if (mode !== "smart") return [];
  /** @type {Message[]} */
  const notes = [];
  if (reason === "waiting_to_step_up") notes.push({ key: "manager.note.waiting" });
  if (reason === "temperature") notes.push({ key: "manager.note.temperature" });
  if (batteryPriority) {
    notes.push({ key: "manager.note.battery", values: { percent: batteryPriority } });
  }
  if (reserve !== undefined && reserve >= 1) {
    notes.push({ key: "manager.note.reserve", values: { power: formatPower(reserve) } });
  }
  if (reserve !== undefined && reserve <= -1) {
    notes.push({ key: "manager.note.buys", values: { power: formatPower(-reserve) } });
  }
  return notes;
}

/**
 * Return what needs a look at a miner: its repairs, and that it is offline.
 *
 * @param {Miner} miner
 * @returns {Problem[]}
 */
export function problemsOf(miner) {
  /** @type {Problem[]} */
  const found = miner.issues.map((issue) => ({
    miner: miner.id,
    message: { key: `issue.${issue.translation_key}`, values: { name: miner.name } },
    issue,
  }));
  if (isAway(miner)) {
    found.unshift({
      miner: miner.id,
      message: { key: "problem.offline", values: { name: miner.name } },
    });
  }
  return found;
}

/**
 * Return whether a miner needs a look. One that is read-only may be meant to be.
 *
 * @param {Miner} miner
 */
export function isInTrouble(miner) {
  return problemsOf(miner).some(({ issue }) => issue?.translation_key !== "read_only");
}

/** Changed values of a config that are named. */
const MOST_PATHS = 4;

/**
 * Return what is known of an event, as what was before and after it where that is known;
 * undefined if nothing is.
 *
 * @param {HappenedEvent} event
 * @param {(value: number) => string} formatNumber
 * @returns {Message | string | undefined}
 */
export function factsOf({ facts }, formatNumber) {
  const { before, after, version, difficulty, paths, mining, threads } = facts;
  if (before !== undefined && after !== undefined) return `${before} → ${after}`;
  if (version) return `XMRig ${version}`;
  if (difficulty !== undefined) return formatNumber(difficulty);
  if (Array.isArray(paths)) {
    const named = paths.slice(0, MOST_PATHS).join(", ");
    return paths.length > MOST_PATHS ? `${named}, …` : named;
  }
  if (mining === false) return { key: "word.paused" };
  if (typeof threads === "number") return { key: "miner.threads", values: { count: threads } };
  return mining === true ? { key: "word.mining" } : undefined;
}
