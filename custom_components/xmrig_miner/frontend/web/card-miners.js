/** A table of many miners, those in trouble first. */

/** @import { Hass, Miner } from "./types.js" */

import { XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { columnsOf, sorted } from "./overview.js";
import { readMiners } from "./readings.js";
import { findMiners, idsOf } from "./registry.js";
import { isInTrouble, minerWord, runningThreads } from "./sentences.js";
import { formatNumber, hashrateParts, joined, powerParts } from "./texts.js";

/** ms in which changes are collected: the polls of many miners are not at one moment. */
const GATHER = 1000;

const KEYS = [
  ...["sensor.status", "sensor.hashrate", "sensor.power", "sensor.efficiency"],
  ...["sensor.calibration", "sensor.sleep", "number.cpu_threads"],
];

export class MinersCard extends XmrigCard {
  /** @type {{ column: string, descending: boolean } | undefined} */
  _sorting;
  _rendered = -Infinity;

  /** @param {Hass} hass @override */
  shown(hass) {
    return findMiners(hass).flatMap((miner) => idsOf(miner, KEYS));
  }

  /** @override */
  requestRender() {
    if (this._isDue) return;
    const wait = this._rendered + GATHER - performance.now();
    if (wait <= 0) {
      super.requestRender();
      return;
    }
    this._isDue = true;
    setTimeout(() => {
      this._isDue = false;
      super.requestRender();
    }, wait);
  }

  /** @override */
  content() {
    this._rendered = performance.now();
    const { hass, t } = this;
    const miners = readMiners(hass, this._issues);
    const columns = columnsOf(miners);
    return h(
      "ha-card",
      null,
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          null,
          h("thead", null, h("tr", null, columns.map((column) => this._header(column)))),
          h(
            "tbody",
            null,
            sorted(miners, this._sorting).map((miner) =>
              h(
                "tr",
                { key: miner.id, class: isInTrouble(miner) ? "trouble" : "" },
                columns.map((column) =>
                  h("td", null, column === "name" ? this._link(miner) : this._cell(miner, column)),
                ),
              ),
            ),
          ),
        ),
      ),
    );
  }

  /** @param {string} column */
  _header(column) {
    const isSorted = this._sorting?.column === column;
    const order = this._sorting?.descending ? "descending" : "ascending";
    const sort = () => {
      // As it is now: a second key may come before the first one is rendered
      const { _sorting: now } = this;
      const descending =
        now?.column === column ? !now.descending : column !== "name";
      this._sorting = { column, descending };
      this._rendered = -Infinity;
      this.requestRender();
    };
    return h(
      "th",
      { scope: "col", "aria-sort": isSorted ? order : undefined },
      h("button", { onclick: sort }, this.t(`column.${column}`)),
    );
  }

  /**
   * Return the name of a miner, which leads to its page where there are such pages.
   *
   * @param {Miner} miner
   */
  _link(miner) {
    if (!this._config.has_pages) {
      const more = () => this.showMore(miner.keys.get("sensor.status"));
      return h("button", { onclick: more }, miner.name);
    }
    return this.pageLink(miner.id, miner.name);
  }

  /**
   * @param {Miner} miner
   * @param {string} column
   */
  _cell(miner, column) {
    const { locale } = this.hass;
    const { hashrate, power, efficiency, temperature, maxThreads } = miner;
    const threads = runningThreads(miner);
    switch (column) {
      case "state":
        return this.t(minerWord(miner).key);
      case "threads":
        return threads === undefined ? "" : `${threads}\u00a0/\u00a0${maxThreads}`;
      case "hashrate":
        return hashrate === undefined ? "" : joined(hashrateParts(locale, hashrate));
      case "power":
        return power === undefined ? "" : joined(powerParts(locale, power));
      case "efficiency":
        return efficiency === undefined ? "" : formatNumber(locale, efficiency, 1);
      default:
        return temperature
          ? joined([formatNumber(locale, temperature.value), temperature.unit])
          : "";
    }
  }

  /** @override */
  getCardSize() {
    return 2 + Math.ceil(0.75 * findMiners(this.hass).length);
  }

  getGridOptions() {
    return { columns: "full", rows: "auto" };
  }
}
