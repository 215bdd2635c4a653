/** What is said of the manager; functions of values. */

/** @import { Manager, Message, Miner, Translate } from "./types.js" */

import { isActive, isAway, REST_REASONS, sleeps } from "./sentences.js";
import { listed } from "./texts.js";

/** Miners that the manager's sentence names one by one. */
export const MOST_NAMED = 3;

/** W that a meter and an estimate may differ by. */
export const NOISE = 10;

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
  const lead = managerLead(manager, managed.some(isActive), formatPower);
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
  ].join(/^(ja|zh)/.test(language) ? "" : " ");
}

/**
 * @param {Manager} manager
 * @param {boolean} isMining whether any of its miners mines
 * @param {(watts: number) => string} formatPower
 * @returns {Message}
 */
function managerLead({ mode, reason, surplus, miningPower }, isMining, formatPower) {
  if (mode === undefined) return { key: "manager.unknown" };
  // At full power, all of its miners may be offline, paused by the user, or too hot
  if (mode === "full" && !isMining) return restLead(reason);
  if (mode !== "smart") return { key: `manager.mode.${mode}` };
  if (reason === "meter_silent") return { key: "manager.meter_silent" };
  const draws = miningPower !== undefined && miningPower >= 1;
  if (draws && surplus !== undefined) {
    const power = formatPower(miningPower);
    if (surplus >= -NOISE) return { key: "manager.using", values: { power } };
    // What the house itself lacks is not missing for mining
    const missing = formatPower(Math.min(-surplus, miningPower));
    return { key: "manager.short", values: { power, missing } };
  }
  if (draws) return { key: "manager.mining", values: { power: formatPower(miningPower) } };
  return restLead(reason);
}

/**
 * @param {string | undefined} reason
 * @returns {Message}
 */
function restLead(reason) {
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
 * Return the rules of the manager that apply at the moment, in few words.
 *
 * @param {Manager} manager
 * @param {(watts: number) => string} formatPower
 * @returns {Message[]}
 */
export function managerNotes(
  { mode, reason, reserve, batteryPriority, miningPower = 0 },
  formatPower,
) {
  if (mode !== "smart") return [];
  /** @type {Message[]} */
  const notes = [];
  // While nothing mines, the sentence says it
  if (reason === "waiting_to_step_up" && miningPower >= 1) notes.push({ key: "manager.note.waiting" });
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
