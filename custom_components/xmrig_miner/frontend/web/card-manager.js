/** The manager: its mode, and what it does at the moment. */

/** @import { Point } from "./types.js" */

import { XmrigCard } from "./base.js";
import { available, peak } from "./charts.js";
import { h, keyOf } from "./dom.js";
import { details, flows, means } from "./history.js";
import { managerNotes, managerSentence, NOISE, sentenceOf } from "./managing.js";
import { legend, managerPlot } from "./plots.js";
import { numberOf, readManager, readMiners, stateOf } from "./readings.js";
import { findManager, findMiners, idsOf } from "./registry.js";
import { formatHour, formatNumber, hourOf, joined, powerParts } from "./texts.js";

/** Sources of today's energy, in the order in which they are shown. */
const SOURCES = /** @type {const} */ (["solar", "grid", "battery"]);

/** The energy of mining that surplus did not cover. */
const COUNTED = ["sensor.energy_grid", "sensor.energy_battery"];

/** kWh that show as more than nothing. */
const LEAST = 0.005;

/** What the fold shows, in this order. */
const SETTINGS = [
  ...["number.reserve", "number.battery_priority", "number.battery_start", "select.caution"],
  "switch.keep_mining",
];

/** Below those: on a phone, their units would hide their names in a row of Home Assistant. */
const PRICES = ["number.price_limit", "number.earnings"];

const MINER_KEYS = ["sensor.status", "number.cpu_threads", "switch.managed", "sensor.sleep"];

export class ManagerCard extends XmrigCard {
  /** Home Assistant's card with the settings, once the fold was open. @type {any} */
  _settings;

  /** @param {import("./types.js").Hass} hass @override */
  shown(hass) {
    const own = findManager(hass)?.keys.values() ?? [];
    return [...findMiners(hass).flatMap((miner) => idsOf(miner, MINER_KEYS)), ...own];
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const unit = findManager(hass);
    if (!unit) return null;
    const manager = readManager(hass, unit, this._issues);
    const miners = readMiners(hass, this._issues);
    const power = (/** @type {number} */ watts) => joined(powerParts(hass.locale, watts));
    const sentence = managerSentence(manager, miners, power);
    const said = sentenceOf(sentence, t, hass.locale.language);
    const days = this._days(unit);
    const notes = managerNotes(manager, power).map(({ key, values }) => t(key, values));
    return h(
      "ha-card",
      null,
      h(
        "div",
        { class: "head" },
        h("h2", null, manager.name),
        h(
          "button",
          { class: "dim", onclick: () => this.showMore(unit.keys.get("select.mode")) },
          t("manager.history"),
        ),
      ),
      h(
        "div",
        { class: days === "too short" ? "" : "halves" },
        h(
          "div",
          { key: "now" },
          this._modes(manager),
          h("p", { class: "say" }, said),
          notes.length > 0 && h("p", { class: "dim" }, notes.join(" · ")),
          this._energy(unit),
          days === "too short" && h("p", { class: "dim soon" }, t("manager.plot_soon")),
        ),
        typeof days === "object" && this._plot(days, power),
      ),
      this._fold(unit),
      this.chips(
        manager.issues.map((issue) => ({ message: { key: issue.translation_key }, issue })),
      ),
    );
  }

  /**
   * Return what the chart of the last day shows; undefined while it is being read.
   *
   * @param {import("./types.js").Unit} unit
   * @returns {{ surplus: Point[], mining: Point[], counted: Point[][] } | "too short" | undefined}
   */
  _days(unit) {
    const [surplus, mining] = ["sensor.surplus", "sensor.mining_power"].map((key) => {
      const id = unit.keys.get(key);
      return id === undefined ? [] : means.get(this.hass, id);
    });
    const counted = idsOf(unit, COUNTED).map((id) => flows.get(this.hass, id));
    if (!surplus || !mining || counted.includes(undefined)) return undefined;
    if (surplus.length < 2) return "too short";
    return { surplus, mining, counted: counted.flatMap((points) => (points ? [points] : [])) };
  }

  /**
   * @param {{ surplus: Point[], mining: Point[], counted: Point[][] }} days
   * @param {(watts: number) => string} power
   */
  _plot({ surplus, mining, counted }, power) {
    const { hass, t } = this;
    const { free, bought } = available(surplus, mining, counted);
    const said = t("manager.plot", { free: power(peak(free)), mining: power(peak(mining)) });
    return h(
      "div",
      { key: "plot", role: "img", "aria-label": said, title: said },
      managerPlot(free, mining, bought, Date.now(), power, formatHour(hass), hourOf(hass)),
      legend([
        ["sun", t("manager.plot_free")],
        ["mine", t("manager.plot_mining")],
        ...(bought.some(({ low, high }) => high - low >= NOISE)
          ? [/** @type {[string, string]} */ (["bought", t("manager.plot_bought")])]
          : []),
      ]),
    );
  }

  /** @param {import("./types.js").Manager} manager */
  _modes(manager) {
    const state = stateOf(this.hass, manager, "select.mode");
    if (!state || manager.mode === undefined) return null;
    /** @param {string} option */
    const select = (option) => {
      void this.call("select", "select_option", state.entity_id, { option });
    };
    /** @param {KeyboardEvent} event */
    const move = (event) => {
      const steps = /** @type {Record<string, number>} */ ({
        ArrowRight: 1,
        ArrowDown: 1,
        ArrowLeft: -1,
        ArrowUp: -1,
      });
      const step = steps[keyOf(event)];
      if (step === undefined) return;
      event.preventDefault();
      const group = /** @type {HTMLElement} */ (event.currentTarget);
      const buttons = [...group.querySelectorAll("button")];
      const place = buttons.indexOf(/** @type {any} */ (this._root.activeElement));
      buttons.at((place + step) % buttons.length)?.focus();
    };
    return h(
      "div",
      {
        class: "modes",
        role: "radiogroup",
        "aria-label": this.t("manager.mode"),
        onkeydown: move,
      },
      manager.modes.map((option) =>
        h(
          "button",
          {
            key: option,
            role: "radio",
            "aria-checked": String(option === manager.mode),
            tabindex: option === manager.mode ? 0 : -1,
            onclick: () => select(option),
          },
          this.hass.formatEntityState(state, option),
        ),
      ),
    );
  }

  /** @param {import("./types.js").Unit} unit */
  _energy(unit) {
    const found = details.get(this.hass, unit.entryId);
    if (found?.kind !== "manager") return null;
    const { today } = found;
    const used = SOURCES.filter((source) => source === "solar" || today[source] >= LEAST);
    return h(
      "div",
      { class: "tiles" },
      used.map((source) =>
        h(
          "div",
          { key: source },
          h("b", null, joined([formatNumber(this.hass.locale, today[source], 2), "kWh"])),
          this.t(`today.${source}`),
        ),
      ),
    );
  }

  /** @param {import("./types.js").Unit} unit */
  _fold(unit) {
    const entities = idsOf(unit, SETTINGS);
    if (entities.length === 0) return null;
    if (this._settings) this._settings.hass = this.hass;
    /** @param {Event} event */
    const open = async (event) => {
      const fold = /** @type {HTMLDetailsElement} */ (event.currentTarget);
      if (!fold.open || this._settings) return;
      const { createCardElement } = await /** @type {any} */ (window).loadCardHelpers();
      this._settings ??= createCardElement({
        type: "entities",
        show_header_toggle: false,
        entities: entities.map((entity) => ({ entity, name: { type: "entity" } })),
      });
      this._settings.hass = this.hass;
      fold.querySelector("div")?.append(this._settings);
    };
    return h(
      "details",
      { key: "settings", ontoggle: open },
      h("summary", null, this.t("manager.settings")),
      h("div", null),
      PRICES.map((key) => this._price(unit, key)),
    );
  }

  /**
   * @param {import("./types.js").Unit} unit
   * @param {string} key
   */
  _price(unit, key) {
    const { hass } = this;
    const state = stateOf(hass, unit, key);
    if (!state) return null;
    const { min, max, unit_of_measurement: of } = state.attributes;
    /** @param {Event} event */
    const set = (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.currentTarget);
      if (value !== "") void this.call("number", "set_value", state.entity_id, { value });
    };
    return h(
      "label",
      { key, class: "price" },
      h("ha-state-icon", { ".hass": hass, ".stateObj": state }),
      h("span", null, hass.formatEntityName?.(state, { type: "entity" }) ?? "", h("small", null, of)),
      h("input", {
        ...{ type: "number", step: "any", min, max, onchange: set },
        ".value": numberOf(state) === undefined ? "" : state.state,
      }),
    );
  }

  /** @override */
  getCardSize() {
    return 10;
  }

  getGridOptions() {
    return { columns: "full", rows: "auto" };
  }
}
