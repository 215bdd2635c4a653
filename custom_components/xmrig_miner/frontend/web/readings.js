/** What miners and the manager show at one moment, read from the states. */

/** @import { Hass, Issue, Manager, Miner, State, Status, Unit } from "./types.js" */

import { findCards, findMiners } from "./registry.js";

/** H/s in a unit of hashrates. @type {Record<string, number>} */
const HASHRATE_UNITS = { "H/s": 1, "kH/s": 1e3, "MH/s": 1e6, "GH/s": 1e9 };

/** W in a unit of power. @type {Record<string, number>} */
const POWER_UNITS = { mW: 1e-3, W: 1, kW: 1e3, MW: 1e6 };

const STATUSES = ["mining", "starting", "paused", "stopped", "no_pool"];

/** @param {State | undefined} state */
export function isKnown(state) {
  return state !== undefined && !["unavailable", "unknown"].includes(state.state);
}

/**
 * Return a number that a state shows; undefined if it shows none.
 *
 * @param {State | undefined} state
 * @param {Record<string, number>} [units] of which it has to have one, in which case it is
 *   converted to that whose value is 1
 */
export function numberOf(state, units) {
  if (!state || !isKnown(state) || state.state.trim() === "") return undefined;
  const value = Number(state.state);
  const factor = units ? units[state.attributes.unit_of_measurement] : 1;
  return Number.isFinite(value) && factor !== undefined ? value * factor : undefined;
}

/** @param {State | undefined} state */
export const hashrateOf = (state) => numberOf(state, HASHRATE_UNITS);

/** @param {State | undefined} state */
export const powerOf = (state) => numberOf(state, POWER_UNITS);

/**
 * Return the state of an entity of a device by its key.
 *
 * @param {Hass} hass
 * @param {Unit} unit
 * @param {string} key
 */
export function stateOf(hass, unit, key) {
  const entityId = unit.keys.get(key);
  return entityId === undefined ? undefined : hass.states[entityId];
}

/** @param {State | undefined} state */
function dateOf(state) {
  if (!state || !isKnown(state)) return undefined;
  const date = new Date(state.state);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** @param {State | undefined} state @returns {Status} */
function statusOf(state) {
  if (!state || state.state === "unavailable") return "offline";
  return STATUSES.includes(state.state) ? /** @type {Status} */ (state.state) : "unknown";
}

/**
 * Return the hottest graphics card of a miner.
 *
 * @param {Hass} hass
 * @param {Unit} miner
 * @returns {Miner["temperature"]}
 */
function hottest(hass, miner) {
  /** @type {Miner["temperature"]} */
  let found;
  for (const card of findCards(hass, miner)) {
    const state = stateOf(hass, card, "sensor.gpu_temperature");
    const value = numberOf(state);
    if (value !== undefined && (!found || value > found.value)) {
      const unit = state?.attributes.unit_of_measurement ?? "";
      found = { value, unit, name: card.model ?? card.name };
    }
  }
  return found;
}

/** Entities that only a miner has whose API is not read-only. */
const CONTROLS = /^(button|number|select|switch)\./;

/**
 * Return the repairs of a config entry, which their IDs end with.
 *
 * @param {readonly Issue[]} issues
 * @param {string} entryId
 */
export function issuesOf(issues, entryId) {
  return issues.filter((issue) => !issue.ignored && issue.issue_id.endsWith(`_${entryId}`));
}

/**
 * @param {Hass} hass
 * @param {Unit} unit
 * @param {readonly Issue[]} issues
 * @returns {Miner}
 */
export function readMiner(hass, unit, issues) {
  /** @param {string} key */
  const state = (key) => stateOf(hass, unit, key);
  const status = statusOf(state("sensor.status"));
  const isOnline = status !== "offline";
  const threads = state("number.cpu_threads");
  const usesCpu = state("switch.cpu_backend")?.state !== "off";
  const limit = state("number.power_limit");
  const limited = powerOf(limit);
  const mining = state("switch.mining");
  const since = state("sensor.status")?.last_changed;
  return {
    ...unit,
    status,
    since: since === undefined ? undefined : new Date(since),
    hashrate: isOnline ? hashrateOf(state("sensor.hashrate")) : undefined,
    power: powerOf(state("sensor.power")),
    efficiency: isOnline ? numberOf(state("sensor.efficiency")) : undefined,
    usesCpu,
    threads: usesCpu ? numberOf(threads) : undefined,
    maxThreads: usesCpu && isKnown(threads) ? threads?.attributes.max : undefined,
    powerLimit:
      limited !== undefined && Number(limit?.state) < limit?.attributes.max ? limited : undefined,
    temperature: hottest(hass, unit),
    pauseReason: isOnline ? state("sensor.pause_reason")?.state : undefined,
    pausedUntil: isOnline ? dateOf(state("sensor.paused_until")) : undefined,
    isManaged: state("switch.managed")?.state === "on",
    isControllable: [...unit.keys.keys()].some((key) => CONTROLS.test(key)),
    calibration: numberOf(state("sensor.calibration")),
    sleep: state("sensor.sleep")?.state,
    isMiningOn: isKnown(mining) ? mining?.state === "on" : undefined,
    issues: issuesOf(issues, unit.entryId),
  };
}

/**
 * Return all miners, by name.
 *
 * @param {Hass} hass
 * @param {readonly Issue[]} issues
 */
export function readMiners(hass, issues) {
  return findMiners(hass).map((unit) => readMiner(hass, unit, issues));
}

/**
 * @param {Hass} hass
 * @param {Unit} unit
 * @param {readonly Issue[]} issues
 * @returns {Manager}
 */
export function readManager(hass, unit, issues) {
  /** @param {string} key */
  const state = (key) => stateOf(hass, unit, key);
  const mode = state("select.mode");
  const reason = state("sensor.reason");
  return {
    ...unit,
    mode: isKnown(mode) ? mode?.state : undefined,
    modes: mode?.attributes.options ?? [],
    reason: isKnown(reason) ? reason?.state : undefined,
    surplus: powerOf(state("sensor.surplus")),
    miningPower: powerOf(state("sensor.mining_power")),
    reserve: powerOf(state("number.reserve")),
    batteryPriority: numberOf(state("number.battery_priority")),
    issues: issuesOf(issues, unit.entryId),
  };
}
