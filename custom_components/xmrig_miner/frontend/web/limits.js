/** What the slider of a miner sets: its power limit where W are known, else its threads. */

/** @import { Hass, Miner, MinerDetails } from "./types.js" */

import { nextStep, powerMarks, powerSteps, threadMarks, threadsWithin } from "./marks.js";
import { numberOf, stateOf } from "./readings.js";
import { isActive } from "./sentences.js";
import { joined, powerParts } from "./texts.js";

/**
 * Return the slider of a miner, without what happens when it is moved; undefined if
 * nothing can be set.
 *
 * @param {Hass} hass
 * @param {import("./types.js").Translate} t
 * @param {Miner} miner
 * @param {MinerDetails | undefined} details
 * @param {number | undefined} moved where it is while it is moved
 */
export function limitOf(hass, t, miner, details, moved) {
  // Graphics cards mine at full power or not at all
  if (!miner.usesCpu) return undefined;
  return powerOf(hass, t, miner, details, moved) ?? threadsOf(hass, t, miner, moved);
}

/**
 * @param {Hass} hass
 * @param {import("./types.js").Translate} t
 * @param {Miner} miner
 * @param {MinerDetails | undefined} details
 * @param {number | undefined} moved
 */
function powerOf(hass, t, miner, details, moved) {
  const state = stateOf(hass, miner, "number.power_limit");
  const limit = numberOf(state);
  const steps = details ? powerSteps(details.curve, details.cards_power) : [];
  const least = steps[0]?.power ?? 0;
  const most = steps.at(-1)?.power ?? 0;
  // As long as it draws the same with any threads, there is nothing to choose
  if (!state || limit === undefined || least >= most) return undefined;
  // In another unit than W, its marks would be wrong
  if (state.attributes.unit_of_measurement !== "W") return undefined;
  const maximum = Number(state.attributes.max);
  const minimum = Math.min(Math.floor(least), maximum - 1);
  // As much as it can draw is no limit
  const full = Math.ceil(most);
  const chosen = Math.max(moved ?? limit, minimum);
  const value = chosen >= full ? maximum : chosen;
  const power = (/** @type {number} */ watts) => joined(powerParts(hass.locale, watts));
  const count = threadsWithin(steps, value);
  const spoken =
    value >= maximum
      ? t("miner.no_limit")
      : t(count ? "miner.at_most" : "miner.at_rest", { count, power: power(value) });
  const mining = isActive(miner) ? (stepOf(steps, miner) ?? miner.power) : undefined;
  return {
    entityId: state.entity_id,
    minimum,
    least: minimum,
    maximum,
    value,
    filled: mining ?? minimum,
    isOff: false,
    name: t("miner.limit", { name: miner.name }),
    text: moved === undefined ? now(t, miner, power) : spoken,
    spoken,
    marks: powerMarks(steps).map(({ threads, power: at }) => ({ at, text: threads })),
    next: (/** @type {number} */ from, /** @type {1 | -1} */ direction) => {
      const found = nextStep(steps, Math.min(from, full), direction);
      return found >= full ? maximum : found;
    },
  };
}

/**
 * Return what the threads of a miner draw: its mark, which a power sensor may yet have to
 * reach.
 *
 * @param {readonly { threads: number, power: number }[]} steps
 * @param {Miner} miner
 */
const stepOf = (steps, miner) => steps.find(({ threads }) => threads === miner.threads)?.power;

/**
 * Return what a miner does at the moment, in few words.
 *
 * @param {import("./types.js").Translate} t
 * @param {Miner} miner
 * @param {(watts: number) => string} power
 */
function now(t, miner, power) {
  const count = isActive(miner) ? miner.threads : 0;
  const parts = [
    count === undefined ? undefined : t("miner.threads", { count }),
    miner.power === undefined ? undefined : power(miner.power),
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}

/**
 * @param {Hass} hass
 * @param {import("./types.js").Translate} t
 * @param {Miner} miner
 * @param {number | undefined} moved
 */
function threadsOf(hass, t, miner, moved) {
  const state = stateOf(hass, miner, "number.cpu_threads");
  const { threads, maxThreads } = miner;
  if (!state || threads === undefined || maxThreads === undefined) return undefined;
  const value = Math.max(moved ?? threads, 1);
  const text = t("miner.threads", { count: value });
  return {
    entityId: state.entity_id,
    minimum: 0,
    least: 1,
    maximum: maxThreads,
    value,
    filled: value,
    isOff: !isActive(miner),
    name: t("miner.slider", { name: miner.name }),
    text,
    spoken: text,
    marks: threadMarks(0, maxThreads).map((mark) => ({ at: mark, text: mark })),
    next: (/** @type {number} */ from, /** @type {1 | -1} */ direction) =>
      Math.min(Math.max(from + direction, 1), maxThreads),
  };
}
