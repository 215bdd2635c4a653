/** Data of the recorder and the integration in addition to states, read once for all cards. */

/** @import { Hass, HappenedEvent, ManagerDetails, MinerDetails, Point } from "./types.js" */

import { DOMAIN } from "./registry.js";
import { Store } from "./store.js";

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** ms: Home Assistant makes a statistic every five minutes. */
const REFRESH = 300_000;

/** ms: the energy of today is counted by the minute. */
const DETAILS_REFRESH = 60_000;

/** ms of events that are shown. */
const EVENTS_SPAN = 7 * DAY;

/**
 * The means of five minutes of the last day, none if there are none yet; power is in W.
 *
 * @type {Store<Point[]>}
 */
export const means = new Store(async (hass, ids) => {
  const rows = await statistics(hass, ids, "5minute", "mean", Date.now() - DAY);
  return new Map(ids.map((id) => [id, (rows[id] ?? []).flatMap(toPoint)]));
}, REFRESH);

/**
 * The power in W that counters of energy make in each five minutes of the last day.
 *
 * @type {Store<Point[]>}
 */
export const flows = new Store(async (hass, ids) => {
  const rows = await statistics(hass, ids, "5minute", "change", Date.now() - DAY);
  return new Map(ids.map((id) => [id, (rows[id] ?? []).flatMap(toPower)]));
}, REFRESH);

/** The increase of counters in the last day, regardless of resets. @type {Store<number>} */
export const rises = new Store(async (hass, ids) => {
  const hour = Math.floor(Date.now() / HOUR) * HOUR;
  // Statistics by the hour exist once it is over
  const parts = await Promise.all([
    statistics(hass, ids, "hour", "change", hour - DAY + HOUR),
    statistics(hass, ids, "5minute", "change", hour),
  ]);
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const [id, rows] of parts.flatMap((part) => Object.entries(part))) {
    for (const { change } of rows) sums.set(id, (sums.get(id) ?? 0) + (change ?? 0));
  }
  return sums;
}, REFRESH);

/** What the integration says of config entries. @type {Store<MinerDetails | ManagerDetails>} */
export const details = new Store(async (hass, entryIds) => {
  /** @type {Map<string, MinerDetails | ManagerDetails>} */
  const found = new Map();
  const read = entryIds.map(async (entryId) => {
    try {
      const message = { type: `${DOMAIN}/details`, config_entry_id: entryId };
      found.set(entryId, await hass.callWS(message));
    } catch {
      // It is not loaded, or this user may not see it
    }
  });
  await Promise.all(read);
  return found;
}, DETAILS_REFRESH);

/**
 * The past events of event entities. A key is an entity's ID and its state, so that they
 * are read again after each event.
 *
 * @type {Store<HappenedEvent[]>}
 */
export const events = new Store(async (hass, keys) => {
  const ids = keys.map((key) => /** @type {string} */ (key.split(" ", 1)[0]));
  /** @type {Record<string, { a: Record<string, any>, s: string }[]>} */
  const states = await hass.callWS({
    type: "history/history_during_period",
    start_time: new Date(Date.now() - EVENTS_SPAN).toISOString(),
    entity_ids: ids,
    significant_changes_only: false,
  });
  return new Map(keys.map((key, place) => [key, toEvents(states[ids[place] ?? ""] ?? [])]));
}, REFRESH);

/** @typedef {{ start: number, end: number, mean?: number | null, change?: number | null }} Row */

/**
 * @param {Hass} hass
 * @param {string[]} ids
 * @param {string} period
 * @param {string} type
 * @param {number} start
 * @returns {Promise<Record<string, Row[]>>}
 */
function statistics(hass, ids, period, type, start) {
  return hass.callWS({
    type: "recorder/statistics_during_period",
    start_time: new Date(start).toISOString(),
    statistic_ids: ids,
    period,
    types: [type],
    units: { power: "W", energy: "kWh" },
  });
}

/** @param {Row} row @returns {Point[]} */
function toPoint({ start, end, mean }) {
  if (mean === null || mean === undefined) return [];
  return [{ time: (start + end) / 2000, value: mean }];
}

/** W of a kWh that is drawn within a ms. */
const KWH_PER_MS = 3.6e9;

/** @param {Row} row @returns {Point[]} */
function toPower({ start, end, change }) {
  if (change === null || change === undefined) return [];
  return [{ time: (start + end) / 2000, value: (KWH_PER_MS * change) / (end - start) }];
}

/**
 * Return events, the latest first. A state is the time of its event.
 *
 * @param {readonly { a: Record<string, any>, s: string }[]} states
 * @returns {HappenedEvent[]}
 */
export function toEvents(states) {
  /** @type {HappenedEvent[]} */
  const found = [];
  let before = "";
  for (const { a: attributes, s: state } of states) {
    const time = new Date(state);
    if (state === before || Number.isNaN(time.getTime()) || !attributes.event_type) continue;
    before = state;
    found.unshift({ time, type: attributes.event_type, facts: attributes });
  }
  return found;
}
