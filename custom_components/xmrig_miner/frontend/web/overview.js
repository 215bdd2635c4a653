/** All miners together: what is added up, and in which order they are shown. */

/** @import { Miner } from "./types.js" */

import { isActive, isAway, isInTrouble, runningThreads } from "./sentences.js";

/** Miners from which on a table shows them. */
export const TABLE_FROM = 20;

/** Miners up to which each has a tab; the pages of more are opened from their cards. */
export const TABS_UP_TO = 5;

/**
 * @typedef {object} Totals
 * @property {number} miners
 * @property {number} mining
 * @property {number} offline
 * @property {number | undefined} hashrate in H/s; undefined while none is known
 * @property {number | undefined} power in W of those that are known
 * @property {number | undefined} efficiency in H/J of those that both are known of
 */

/**
 * Return the figures of all miners together.
 *
 * @param {readonly Miner[]} miners
 * @returns {Totals}
 */
export function totals(miners) {
  const measured = miners.filter(
    (miner) => miner.power !== undefined && miner.hashrate !== undefined && isActive(miner),
  );
  const joules = sum(measured.map((miner) => miner.power));
  const hashes = sum(measured.map((miner) => miner.hashrate));
  return {
    miners: miners.length,
    mining: miners.filter(isActive).length,
    offline: miners.filter(isAway).length,
    hashrate: sum(miners.map((miner) => miner.hashrate)),
    power: sum(miners.map((miner) => miner.power)),
    efficiency: joules && hashes !== undefined ? hashes / joules : undefined,
  };
}

/**
 * Return the sum of the values that are known; undefined if none is.
 *
 * @param {readonly (number | undefined)[]} values
 */
export function sum(values) {
  const known = values.filter((value) => value !== undefined);
  return known.length ? known.reduce((total, value) => total + value, 0) : undefined;
}

/**
 * Return how soon a miner needs a look; the lower the sooner.
 *
 * @param {Miner} miner
 */
function urgency(miner) {
  if (isInTrouble(miner)) return miner.status === "offline" ? 0 : 1;
  if (miner.status === "no_pool") return 1;
  return 2;
}

/** @type {Record<string, (miner: Miner) => number | string | undefined>} */
const COLUMNS = {
  name: () => undefined,
  state: (miner) => (isActive(miner) ? 0 : 1),
  threads: runningThreads,
  hashrate: (miner) => miner.hashrate,
  power: (miner) => miner.power,
  efficiency: (miner) => miner.efficiency,
  temperature: (miner) => miner.temperature?.value,
};

/**
 * Return miners in the order of a column, or those in trouble first without one. Miners
 * without a value come last; of equal ones, the order stays.
 *
 * @param {readonly Miner[]} miners by name
 * @param {{ column: string, descending: boolean } | undefined} sorting
 * @returns {Miner[]}
 */
export function sorted(miners, sorting) {
  if (!sorting) return [...miners].sort((a, b) => urgency(a) - urgency(b));
  if (sorting.column === "name") return sorting.descending ? [...miners].reverse() : [...miners];
  const value = COLUMNS[sorting.column] ?? (() => undefined);
  const sign = sorting.descending ? -1 : 1;
  return [...miners].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined);
    }
    return left < right ? -sign : left > right ? sign : 0;
  });
}

/**
 * Return which columns a table of miners needs: those that have a value somewhere.
 *
 * @param {readonly Miner[]} miners
 */
export function columnsOf(miners) {
  return Object.keys(COLUMNS).filter(
    (column) =>
      column === "name" ||
      column === "state" ||
      miners.some((miner) => COLUMNS[column]?.(miner) !== undefined),
  );
}
