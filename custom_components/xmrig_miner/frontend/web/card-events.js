/** What happened to a miner, with before and after. */

import { XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { events } from "./history.js";
import { stateOf } from "./readings.js";
import { findMiner, idsOf } from "./registry.js";
import { factsOf } from "./sentences.js";
import { formatMoment, formatNumber } from "./texts.js";

/** Events that are shown; Home Assistant's history has all. */
const MOST = 12;

export class EventsCard extends XmrigCard {
  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    return idsOf(findMiner(hass, this._config.device), ["event.activity"]);
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const miner = findMiner(hass, this._config.device);
    const state = miner && stateOf(hass, miner, "event.activity");
    if (!state) return null;
    const found = events.get(hass, `${state.entity_id} ${state.state}`) ?? [];
    const number = (/** @type {number} */ value) => formatNumber(hass.locale, value);
    return h(
      "ha-card",
      null,
      h(
        "div",
        { class: "head" },
        h("h2", null, t("page.events")),
        h(
          "button",
          { class: "dim", onclick: () => this.showMore(state.entity_id) },
          t("manager.history"),
        ),
      ),
      found.length === 0 && h("p", { class: "dim" }, t("events.none")),
      h(
        "ul",
        { class: "events" },
        found.slice(0, MOST).map((event) => {
          const fact = factsOf(event, number);
          return h(
            "li",
            { key: `${event.time.getTime()} ${event.type}` },
            h("time", { class: "dim", datetime: event.time.toISOString() }, formatMoment(hass, event.time)),
            h(
              "div",
              null,
              h("b", null, hass.formatEntityAttributeValue(state, "event_type", event.type)),
              fact && h("span", { class: "dim" }, typeof fact === "string" ? fact : t(fact.key, fact.values)),
            ),
          );
        }),
      ),
    );
  }

  getGridOptions() {
    return { columns: 12, rows: "auto" };
  }
}
