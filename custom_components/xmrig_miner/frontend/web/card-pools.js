/** The pools of a miner, in the order in which it tries them. */

/** @import { Pool, State, Unit } from "./types.js" */

import { minerForm, XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { details } from "./history.js";
import { isKnown, numberOf, stateOf } from "./readings.js";
import { findMiner, idsOf } from "./registry.js";
import { formatNumber } from "./texts.js";

const PING = "sensor.pool_ping";
const FIGURES = [PING, "sensor.shares_accepted", "sensor.shares_rejected"];

export class PoolsCard extends XmrigCard {
  /** @override */
  static getConfigForm = minerForm;

  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    const miner = findMiner(hass, this._config.device);
    return idsOf(miner, ["select.pool", "sensor.pool", "sensor.status", ...FIGURES]);
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const miner = findMiner(hass, this._config.device);
    if (!miner) return null;
    const found = details.get(hass, miner.entryId);
    const known = found?.kind === "miner" ? found.pools : [];
    const pools = known.length ? known : this._current(miner);
    const select = stateOf(hass, miner, "select.pool");
    const isOnline = isKnown(stateOf(hass, miner, "sensor.status"));
    return h(
      "ha-card",
      null,
      h("h2", null, t("page.pools")),
      h(
        "ol",
        { class: "pools" },
        pools.map((pool) =>
          h(
            "li",
            { key: pool.name, class: pool.enabled ? "" : "dim" },
            h("span", { class: "name" }, pool.name),
            isOnline && pool.connected && h("span", { class: "badge" }, t("pool.connected")),
            !pool.enabled && h("span", { class: "badge" }, t("pool.disabled")),
            select &&
              !pool.preferred &&
              h(
                "button",
                {
                  class: "action",
                  ".disabled": !isKnown(select),
                  "aria-label": t("pool.prefer_name", { name: pool.name }),
                  onclick: () =>
                    void this.call("select", "select_option", select.entity_id, {
                      option: pool.name,
                    }),
                },
                t("pool.prefer"),
              ),
          ),
        ),
      ),
      pools.length === 0 && h("p", { class: "dim" }, t("pool.unknown")),
      pools.length > 1 && h("p", { class: "dim" }, t("pool.order")),
      h(
        "div",
        { class: "row" },
        FIGURES.map((key) => {
          const state = stateOf(hass, miner, key);
          return (
            isKnown(state) &&
            h(
              "button",
              { key, onclick: () => this.showMore(state?.entity_id) },
              h("b", null, this._figure(key, /** @type {State} */ (state))),
              t(`pool.${key.slice("sensor.".length)}`),
            )
          );
        }),
      ),
    );
  }

  /**
   * Return the pool that a miner is connected to: of a read-only one, no other is known.
   *
   * @param {Unit} miner
   * @returns {Pool[]}
   */
  _current(miner) {
    const pool = stateOf(this.hass, miner, "sensor.pool");
    if (!pool || !isKnown(pool)) return [];
    return [{ name: pool.state, enabled: true, preferred: true, connected: true }];
  }

  /**
   * Return a figure; that of shares without their unit, which its label names.
   *
   * @param {string} key
   * @param {State} state
   */
  _figure(key, state) {
    const value = numberOf(state);
    return key === PING || value === undefined
      ? this.hass.formatEntityState(state)
      : formatNumber(this.hass.locale, value);
  }

  getGridOptions() {
    return { columns: 12, rows: "auto" };
  }
}
