/** Data that cards read in addition to states: once for all of them, and again after a while. */

/** @import { Hass } from "./types.js" */

/** ms in which the keys of all cards are gathered. */
const GATHER = 50;

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * Call a function whenever something was read, until the returned function is called.
 *
 * @param {() => void} listener
 */
export function watchStores(listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/**
 * Values by key, which are read once they are asked for, and again as long as they are.
 *
 * @template T
 */
export class Store {
  /** @type {Map<string, T | undefined>} */
  _known = new Map();
  /** Keys that were asked for since the last reading. @type {Set<string>} */
  _wanted = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _soon;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _later;

  /**
   * @param {(hass: Hass, keys: string[]) => Promise<Map<string, T>>} read
   * @param {number} refresh ms after which values are read again
   */
  constructor(read, refresh) {
    this._readAll = read;
    this._refresh = refresh;
  }

  /**
   * Return the value of a key; undefined as long as it is unknown.
   *
   * @param {Hass} hass
   * @param {string} key
   */
  get(hass, key) {
    this._hass = hass;
    this._wanted.add(key);
    if (!this._known.has(key)) this._soon ??= setTimeout(() => void this._readNew(), GATHER);
    return this._known.get(key);
  }

  async _readNew() {
    this._soon = undefined;
    const keys = [...this._wanted].filter((key) => !this._known.has(key));
    // Not to be read again while that is under way
    for (const key of keys) this._known.set(key, undefined);
    await this._read(keys);
    this._later ??= setTimeout(() => void this._readAgain(), this._refresh);
  }

  async _readAgain() {
    this._later = undefined;
    const keys = [...this._wanted];
    this._wanted.clear();
    for (const key of [...this._known.keys()]) {
      if (!keys.includes(key) || listeners.size === 0) this._known.delete(key);
    }
    if (listeners.size === 0) return;
    this._later = setTimeout(() => void this._readAgain(), this._refresh);
    await this._read(keys);
  }

  /** @param {string[]} keys */
  async _read(keys) {
    const hass = this._hass;
    if (!hass || keys.length === 0) return;
    try {
      const found = await this._readAll(hass, keys);
      for (const key of keys) this._known.set(key, found.get(key));
    } catch {
      // What was known stays, and it is tried again
    }
    for (const listener of listeners) listener();
  }
}
