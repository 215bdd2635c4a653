/** What a miner draws and yields by threads, as learned, and its calibration. */

/** @import { CurvePoint, Unit } from "./types.js" */

import { minerForm, XmrigCard } from "./base.js";
import { bestPoint, efficiencyOf } from "./charts.js";
import { h } from "./dom.js";
import { details } from "./history.js";
import { threadMarks } from "./marks.js";
import { curvePlot, legend } from "./plots.js";
import { numberOf, stateOf } from "./readings.js";
import { DOMAIN, findMiner, idsOf } from "./registry.js";
import { formatNumber, hashrateParts, joined, powerParts } from "./texts.js";

const KEYS = ["sensor.calibration", "button.calibrate", "sensor.status"];

export class CurveCard extends XmrigCard {
  /** @override */
  static getConfigForm = minerForm;

  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    return idsOf(findMiner(hass, this._config.device), KEYS);
  }

  /** @override */
  content() {
    const miner = findMiner(this.hass, this._config.device);
    if (!miner) return null;
    const found = details.get(this.hass, miner.entryId);
    const known = found?.kind === "miner" ? found : undefined;
    return h(
      "ha-card",
      null,
      h("h2", null, this.t("page.curve")),
      // Not known yet, or not while the miner is not set up
      known && this._curve(known.curve, known.cards_power),
      this._calibration(miner),
    );
  }

  /**
   * @param {readonly CurvePoint[]} curve
   * @param {number} cards W of graphics cards
   */
  _curve(curve, cards) {
    const { t } = this;
    const { locale } = this.hass;
    if (!curve.some(({ threads, power, hashrate }) => threads > 0 && power && hashrate)) {
      return h("p", { class: "dim" }, t("curve.unknown"));
    }
    const best = bestPoint(curve);
    const said =
      best &&
      t("curve.best", {
        count: best.threads,
        efficiency: formatNumber(locale, efficiencyOf(best), 1),
        power: joined(powerParts(locale, best.power ?? 0)),
        hashrate: joined(hashrateParts(locale, best.hashrate ?? 0)),
      });
    return h(
      "div",
      { key: "curve" },
      said && h("p", null, said),
      cards > 0 && h("p", { class: "dim" }, t("curve.cards")),
      h(
        "div",
        { role: "img", "aria-label": `${t("curve.plot")} ${said ?? ""}` },
        curvePlot(curve, best, threadMarks(0, curve.length - 1)),
        legend([
          ["mine", t("figure.hashrate")],
          ["power", t("figure.power")],
        ]),
      ),
      this._table(curve),
    );
  }

  /** @param {readonly CurvePoint[]} curve */
  _table(curve) {
    const { t } = this;
    const { locale } = this.hass;
    const columns = ["threads", "power", "hashrate", "efficiency"];
    return h(
      "details",
      { key: "table" },
      h("summary", null, t("curve.table")),
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          null,
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              columns.map((column) => h("th", { scope: "col" }, t(`column.${column}`))),
            ),
          ),
          h(
            "tbody",
            null,
            curve.map((point) =>
              h(
                "tr",
                { key: point.threads, class: point.is_measured ? "" : "guess" },
                h("td", null, point.threads),
                h(
                  "td",
                  null,
                  point.power !== null && joined(powerParts(locale, point.power)),
                ),
                h(
                  "td",
                  null,
                  point.hashrate !== null && joined(hashrateParts(locale, point.hashrate)),
                ),
                h(
                  "td",
                  null,
                  point.threads > 0 &&
                    point.power !== null &&
                    point.hashrate !== null &&
                    formatNumber(locale, efficiencyOf(point), 1),
                ),
              ),
            ),
          ),
        ),
      ),
      h("p", { class: "dim" }, t("curve.measured")),
    );
  }

  /** @param {Unit} miner */
  _calibration(miner) {
    const { hass, t } = this;
    const progress = numberOf(stateOf(hass, miner, "sensor.calibration"));
    const button = stateOf(hass, miner, "button.calibrate");
    if (progress !== undefined) {
      return h(
        "div",
        { key: "calibration", class: "calibration" },
        h("p", { "aria-live": "polite" }, t("state.calibrating", { percent: progress })),
        h("progress", { max: 100, value: progress, "aria-label": t("page.calibration") }),
        button &&
          hass.user?.is_admin &&
          h("button", { class: "action", onclick: () => this._cancel(miner) }, t("curve.cancel")),
      );
    }
    // Others may not press it
    if (!button || !hass.user?.is_admin) return null;
    return h(
      "div",
      { key: "calibrate", class: "calibration" },
      h("p", { class: "dim" }, t("curve.calibrate_text")),
      h(
        "button",
        {
          class: "action",
          ".disabled": button.state === "unavailable",
          onclick: () => void this.call("button", "press", button.entity_id),
        },
        t("curve.calibrate"),
      ),
    );
  }

  /** @param {Unit} miner */
  _cancel(miner) {
    const data = { config_entry_id: miner.entryId };
    // Home Assistant shows its error
    this.hass.callService(DOMAIN, "cancel_calibration", data).catch(() => undefined);
  }

  getGridOptions() {
    return { columns: 12, rows: "auto" };
  }
}
