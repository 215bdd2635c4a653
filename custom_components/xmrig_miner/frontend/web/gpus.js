/** The graphics cards of a miner; functions of values. */

/** @import { Hass, State, Unit } from "./types.js" */

import { peak } from "./charts.js";
import { hashrateOf, numberOf, powerOf, stateOf } from "./readings.js";

/** °C between which the bar of a temperature goes from empty to full. */
const COOL = 30;
const HOT = 100;

/** °C from which on a card is warm, and too hot. */
const WARM = 80;
const TOO_HOT = 90;

/** @typedef {(entityId: string) => readonly import("./types.js").Point[] | undefined} Means */

/**
 * A figure of a card.
 *
 * @typedef {object} Bar
 * @property {string} key of its entity
 * @property {State} state
 * @property {number} share of the bar that is filled, from 0 to 1
 * @property {"" | "warm" | "hot"} kind
 */

/**
 * Return the figures of graphics cards, those of each that are known.
 *
 * Power and hashrate are compared with the highest of all cards in the last day.
 *
 * @param {Hass} hass
 * @param {readonly Unit[]} cards
 * @param {Means} means
 * @returns {Bar[][]}
 */
export function barsOf(hass, cards, means) {
  const highest = {
    "sensor.gpu_power": most(hass, cards, means, "sensor.gpu_power", powerOf),
    "sensor.gpu_hashrate": most(hass, cards, means, "sensor.gpu_hashrate", hashrateOf),
  };
  return cards.map((card) =>
    [
      bar(hass, card, "sensor.gpu_temperature", (state) => {
        const celsius = celsiusOf(state);
        return celsius === undefined ? undefined : (celsius - COOL) / (HOT - COOL);
      }),
      bar(hass, card, "sensor.gpu_fan_speed", (state) => {
        const percent = numberOf(state);
        return percent === undefined ? undefined : percent / 100;
      }),
      bar(hass, card, "sensor.gpu_power", (state) =>
        shareOf(powerOf(state), highest["sensor.gpu_power"]),
      ),
      bar(hass, card, "sensor.gpu_hashrate", (state) =>
        shareOf(hashrateOf(state), highest["sensor.gpu_hashrate"]),
      ),
    ].filter((found) => found !== undefined),
  );
}

/**
 * @param {number | undefined} value
 * @param {number} highest
 */
const shareOf = (value, highest) =>
  value === undefined ? undefined : highest > 0 ? value / highest : 0;

/** @param {State} state */
function celsiusOf(state) {
  const value = numberOf(state);
  if (value === undefined) return undefined;
  return state.attributes.unit_of_measurement === "°F" ? (value - 32) / 1.8 : value;
}

/**
 * @param {Hass} hass
 * @param {Unit} card
 * @param {string} key
 * @param {(state: State) => number | undefined} share
 * @returns {Bar | undefined}
 */
function bar(hass, card, key, share) {
  const state = stateOf(hass, card, key);
  const filled = state && share(state);
  if (!state || filled === undefined) return undefined;
  const celsius = key === "sensor.gpu_temperature" ? (celsiusOf(state) ?? 0) : 0;
  const kind = celsius >= TOO_HOT ? "hot" : celsius >= WARM ? "warm" : "";
  return { key, state, share: Math.min(Math.max(filled, 0), 1), kind };
}

/**
 * Return the highest value of some cards, now and in the last day.
 *
 * @param {Hass} hass
 * @param {readonly Unit[]} cards
 * @param {Means} means
 * @param {string} key
 * @param {(state: State | undefined) => number | undefined} read
 */
function most(hass, cards, means, key, read) {
  return Math.max(
    0,
    ...cards.map((card) => {
      const state = stateOf(hass, card, key);
      if (!state) return 0;
      const points = means(state.entity_id) ?? [];
      // Statistics are in the unit of the states
      const before = read({ ...state, state: String(peak(points)) });
      return Math.max(read(state) ?? 0, before ?? 0);
    }),
  );
}
