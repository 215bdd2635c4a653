/** What happened to a miner, with before and after. */

/** @import { HappenedEvent } from "./types.js" */

import { minerForm, XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { events } from "./history.js";
import { stateOf } from "./readings.js";
import { findMiner, idsOf } from "./registry.js";
import { factsOf } from "./sentences.js";
import { formatMoment, formatNumber } from "./texts.js";

/** Events that are shown; Home Assistant's history has all. */
const MOST = 12;

export class EventsCard extends XmrigCard {
  /**
   * What was read of an entity, until that with its latest event is.
   *
   * @type {{ id: string, events: readonly HappenedEvent[] } | undefined}
   */
  _before;

  /** @override */
  static getConfigForm = minerForm;

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
    const id = state.entity_id;
    const read = events.get(hass, `${id} ${state.state}`);
    if (read) this._before = { id, events: read };
    const found = this._before?.id === id ? this._before.events : undefined;
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
      found?.length === 0 && h("p", { class: "dim" }, t("events.none")),
      h(
        "ul",
        { class: "events" },
        (found ?? []).slice(0, MOST).map((event) => {
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
