/** The graphics cards of a miner, each with its figures as bars. */

import { minerForm, XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { barsOf } from "./gpus.js";
import { means } from "./history.js";
import { findCards, findMiner } from "./registry.js";

export class GpusCard extends XmrigCard {
  /** @override */
  static getConfigForm = minerForm;

  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    const miner = findMiner(hass, this._config.device);
    return miner ? findCards(hass, miner).flatMap((card) => [...card.keys.values()]) : [];
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const miner = findMiner(hass, this._config.device);
    if (!miner) return null;
    const cards = findCards(hass, miner);
    const bars = barsOf(hass, cards, (id) => means.get(hass, id));
    return h(
      "ha-card",
      null,
      h("h2", null, t("page.gpus")),
      cards.map((card, place) => {
        const figures = bars[place] ?? [];
        return h(
          "div",
          { class: "gpu", key: card.id, role: "group", "aria-label": card.name },
          h("h3", null, card.name.replace(`${miner.name} `, "")),
          figures.length === 0 && h("p", { class: "dim" }, t("gpu.unknown")),
          h(
            "div",
            { class: "row" },
            figures.map(({ key, state, share, kind }) =>
              h(
                "button",
                { key, onclick: () => this.showMore(state.entity_id) },
                h("b", null, hass.formatEntityState(state)),
                t(`gpu.${key.slice("sensor.gpu_".length)}`),
                h(
                  "span",
                  { class: "bar" },
                  h("i", { class: kind, style: `width:${Math.round(100 * share)}%` }),
                ),
              ),
            ),
          ),
        );
      }),
    );
  }

  getGridOptions() {
    return { columns: 12, rows: "auto" };
  }
}
