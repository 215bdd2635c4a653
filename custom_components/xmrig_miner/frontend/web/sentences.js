/** What is said of miners; functions of values. */

/** @import { HappenedEvent, Manager, Message, Miner, Problem } from "./types.js" */

/** Reasons of the manager that explain why a miner rests. */
export const REST_REASONS = new Set([
  "no_surplus",
  "battery_first",
  "price",
  "meter_silent",
  "meter_settling",
  "off",
  "waiting_to_step_up",
  "temperature",
  "waking",
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
 * Return how many CPU threads of a miner run; undefined if it does not say how many may.
 *
 * @param {Miner} miner
 */
export const runningThreads = (miner) =>
  miner.threads === undefined || isActive(miner) ? miner.threads : 0;

/** Repairs of what responds, but is sent nothing: the miner is not silent. */
const UNTRUSTED = new Set(["another_miner", "certificate_changed", "plain_http"]);

/**
 * Return what needs a look at a miner: its repairs, and that it is offline if none of them
 * explains that.
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
  const isExplained = miner.issues.some((issue) => UNTRUSTED.has(issue.translation_key));
  if (isAway(miner) && !isExplained) {
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
