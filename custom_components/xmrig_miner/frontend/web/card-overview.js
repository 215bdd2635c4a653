/** Figures of all miners, and what needs a look. */

import { XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { rises } from "./history.js";
import { sum, totals } from "./overview.js";
import { numberOf, readMiners, stateOf } from "./readings.js";
import { DOMAIN, findManager, findMiners, idsOf } from "./registry.js";
import { isInTrouble, problemsOf } from "./sentences.js";
import { formatNumber, hashrateParts, powerParts } from "./texts.js";

/** Problems that are named; of more, the number is. */
const MOST_PROBLEMS = 6;

export class OverviewCard extends XmrigCard {
  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    const keys = ["sensor.status", "sensor.hashrate", "sensor.power", "sensor.sleep"];
    return [
      ...findMiners(hass).flatMap((miner) => idsOf(miner, keys)),
      ...idsOf(findManager(hass), ["sensor.solar_share"]),
    ];
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const miners = readMiners(hass, this._issues);
    if (miners.length === 0) {
      return h(
        "ha-card",
        null,
        h("h2", null, t("empty.title")),
        h("p", { class: "say" }, t("empty.text")),
        hass.user?.is_admin &&
          h("a", { class: "link", href: `/config/integrations/dashboard/add?domain=${DOMAIN}` }, t("empty.add")),
      );
    }
    const sums = totals(miners);
    const manager = findManager(hass);
    const share = manager && numberOf(stateOf(hass, manager, "sensor.solar_share"));
    const counters = miners.flatMap((miner) => idsOf(miner, ["sensor.shares_accepted"]));
    const shares = sum(counters.map((id) => rises.get(hass, id)));
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
        shares !== undefined &&
          figure([formatNumber(hass.locale, shares), ""], t("figure.shares")),
        share !== undefined &&
          figure([formatNumber(hass.locale, share), "%"], t("figure.solar_share")),
      ),
      this.chips(problems.slice(0, MOST_PROBLEMS)),
      problems.length > MOST_PROBLEMS &&
        h("p", { class: "dim" }, t("problem.more", { count: problems.length - MOST_PROBLEMS })),
    );
  }

  /** @override */
  getCardSize() {
    return 3;
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
