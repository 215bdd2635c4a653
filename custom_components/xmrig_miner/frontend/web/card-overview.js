/** Figures of all miners, and what needs a look. */

import { XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { totals } from "./overview.js";
import { readMiner } from "./readings.js";
import { findManager, findMiners } from "./registry.js";
import { isInTrouble, problemsOf } from "./sentences.js";
import { formatNumber, hashrateParts, powerParts } from "./texts.js";

/** Problems that are named; of more, the number is. */
const MOST_PROBLEMS = 6;

export class OverviewCard extends XmrigCard {
  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    const manager = findManager(hass)?.keys.get("sensor.solar_share");
    const keys = ["sensor.status", "sensor.hashrate", "sensor.power", "sensor.sleep"];
    const found = findMiners(hass).flatMap((miner) => keys.map((key) => miner.keys.get(key)));
    return [...found, manager].filter((id) => id !== undefined);
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const miners = findMiners(hass).map((unit) => readMiner(hass, unit, this._issues));
    if (miners.length === 0) {
      return h(
        "ha-card",
        null,
        h("h2", null, t("empty.title")),
        h("p", { class: "say" }, t("empty.text")),
        hass.user?.is_admin &&
          h("a", { href: "/config/integrations/dashboard/add?domain=xmrig_miner" }, t("empty.add")),
      );
    }
    const sums = totals(miners);
    const solar = findManager(hass)?.keys.get("sensor.solar_share");
    const share = solar === undefined ? undefined : hass.states[solar];
    const problems = [
      ...this._issues
        .filter((issue) => !issue.ignored && !miners.some((miner) => miner.issues.includes(issue)))
        .map((issue) => ({ message: { key: issue.translation_key }, issue })),
      ...miners.filter(isInTrouble).flatMap(problemsOf),
    ];
    return h(
      "ha-card",
      null,
      h(
        "div",
        { class: "figures" },
        sums.hashrate !== undefined &&
          figure(hashrateParts(hass.locale, sums.hashrate), t("figure.hashrate")),
        sums.power !== undefined && figure(powerParts(hass.locale, sums.power), t("figure.power")),
        sums.efficiency !== undefined &&
          figure([formatNumber(hass.locale, sums.efficiency, 1), "H/J"], t("figure.efficiency")),
        figure(
          [formatNumber(hass.locale, sums.mining), t("figure.of", { count: sums.miners })],
          t("figure.mining"),
        ),
        share &&
          Number.isFinite(Number(share.state)) &&
          figure([formatNumber(hass.locale, Number(share.state)), "%"], t("figure.solar_share")),
      ),
      this.chips(problems.slice(0, MOST_PROBLEMS)),
      problems.length > MOST_PROBLEMS &&
        h("p", { class: "dim" }, t("problem.more", { count: problems.length - MOST_PROBLEMS })),
    );
  }

  getGridOptions() {
    return { columns: "full", rows: "auto" };
  }
}

/**
 * @param {readonly [string, string]} parts
 * @param {string} label
 */
function figure([number, unit], label) {
  return h(
    "div",
    { key: label },
    h("b", null, number, h("small", null, unit)),
    h("span", { class: "dim" }, label),
  );
}
