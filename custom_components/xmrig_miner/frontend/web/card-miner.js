/** One miner: what it does and why, its switch, its threads and its figures. */

/** @import { Hass, Miner } from "./types.js" */

import { minerForm, XmrigCard } from "./base.js";
import { h } from "./dom.js";
import { readManager, readMiner, stateOf } from "./readings.js";
import { findCards, findManager, findMiner, findMiners, idsOf } from "./registry.js";
import { isActive, isInTrouble, minerSentence, minerWord, problemsOf, sleeps } from "./sentences.js";
import { details, means } from "./history.js";
import { limitOf } from "./limits.js";
import { minerPlot } from "./plots.js";
import { slider } from "./slider.js";
import { formatMoment, formatNumber, hashrateParts, joined, powerParts } from "./texts.js";

/** ms after which a slider stands still: each key moves it by one step. */
const SETTLE = 500;

export class MinerCard extends XmrigCard {
  /** Where the slider is while it is moved. @type {number | undefined} */
  _moved;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _timer;

  static getStubConfig(/** @type {Hass} */ hass) {
    return { device: findMiners(hass)[0]?.id };
  }

  /** @override */
  static getConfigForm = minerForm;

  /** @param {Hass} hass @override */
  shown(hass) {
    const miner = findMiner(hass, this._config.device);
    if (!miner) return [];
    return [
      ...miner.keys.values(),
      ...findCards(hass, miner).flatMap((card) => idsOf(card, ["sensor.gpu_temperature"])),
      ...idsOf(findManager(hass), ["sensor.reason", "select.mode"]),
    ];
  }

  /** @override */
  content() {
    const { hass, t } = this;
    const unit = findMiner(hass, this._config.device);
    if (!unit) return h("ha-card", null, h("p", null, t("miner.missing")));
    const miner = readMiner(hass, unit, this._issues);
    const managing = findManager(hass);
    const manager = managing && readManager(hass, managing, this._issues);
    const sentence = minerSentence(
      miner,
      manager,
      (date) => formatMoment(hass, date),
      (watts) => joined(powerParts(hass.locale, watts)),
    );
    return h(
      "ha-card",
      { class: isInTrouble(miner) ? "trouble" : "" },
      h(
        "div",
        { class: "head" },
        this._name(miner),
        sleeps(miner) ? this._badge(minerWord(miner).key) : this._switch(miner),
      ),
      h("p", { class: "state" }, t(sentence.key, sentence.values)),
      miner.sleep === "asleep" && sleeps(miner) && this._wake(miner),
      this._slider(miner),
      this._plot(miner),
      h(
        "div",
        { class: "row" },
        miner.hashrate !== undefined &&
          this._figure(miner, "sensor.hashrate", hashrateParts(hass.locale, miner.hashrate)),
        miner.power !== undefined &&
          this._figure(miner, "sensor.power", powerParts(hass.locale, miner.power)),
        isActive(miner) &&
          miner.efficiency !== undefined &&
          this._figure(miner, "sensor.efficiency", [
            formatNumber(hass.locale, miner.efficiency, 1),
            "H/J",
          ]),
        miner.temperature &&
          h(
            "div",
            { key: "temperature" },
            h(
              "b",
              null,
              joined([
                formatNumber(hass.locale, miner.temperature.value),
                miner.temperature.unit,
              ]),
            ),
            miner.temperature.name,
          ),
      ),
      this.chips(
        problemsOf(miner).map((problem) =>
          problem.issue ? problem : { ...problem, chip: t("remedy.what") },
        ),
      ),
    );
  }

  /**
   * Return the name of a miner, which leads to its page where there are such pages.
   *
   * @param {Miner} miner
   */
  _name(miner) {
    const name = h("h2", null, miner.name);
    if (this._config.has_pages) return this.pageLink(miner.id, name);
    return h("button", { onclick: () => this.showMore(miner.keys.get("sensor.status")) }, name);
  }

  /** @param {string} key */
  _badge(key) {
    return h("span", { class: "badge" }, this.t(key));
  }

  /** @param {Miner} miner */
  _switch(miner) {
    const state = stateOf(this.hass, miner, "switch.mining");
    if (!state) return miner.isControllable ? null : this._badge("word.read_only");
    /** @param {Event} event */
    const turn = (event) => {
      const input = /** @type {HTMLInputElement} */ (event.currentTarget);
      void this.call("switch", input.checked ? "turn_on" : "turn_off", state.entity_id);
    };
    return h("input", {
      type: "checkbox",
      role: "switch",
      class: "toggle",
      "aria-label": this.t("miner.switch", { name: miner.name }),
      ".checked": miner.isMiningOn === true,
      ".disabled": miner.isMiningOn === undefined,
      onchange: turn,
    });
  }

  /** @param {Miner} miner */
  _wake(miner) {
    const id = miner.keys.get("button.wake_up");
    if (!id) return null;
    return h(
      "button",
      { key: "wake", class: "action", onclick: () => this.call("button", "press", id) },
      this.t("miner.wake"),
    );
  }

  /** @param {Miner} miner */
  _slider(miner) {
    const found = details.get(this.hass, miner.entryId);
    const known = found?.kind === "miner" ? found : undefined;
    const limit = limitOf(this.hass, this.t, miner, known, this._moved);
    if (!limit) return null;
    const set = async () => {
      const sent = this._moved;
      if (sent === undefined) return;
      await this.call("number", "set_value", limit.entityId, { value: sent });
      if (this._moved === sent) this._moved = undefined;
      this.requestRender();
    };
    return slider({
      ...limit,
      onmove: (value) => {
        this._moved = Math.max(value, limit.least);
        this.requestRender();
      },
      onset: () => {
        clearTimeout(this._timer);
        this._timer = setTimeout(() => void set(), SETTLE);
      },
    });
  }

  /** @param {Miner} miner */
  _plot(miner) {
    /** @param {string} key */
    const points = (key) => {
      const id = miner.keys.get(key);
      return (id && means.get(this.hass, id)) || [];
    };
    const [hashrate, power] = [points("sensor.hashrate"), points("sensor.power")];
    if (hashrate.length < 2) return null;
    const name = this.t(power.length ? "miner.plot_power" : "miner.plot", { name: miner.name });
    return h(
      "button",
      {
        key: "plot",
        class: "plot small",
        "aria-label": name,
        title: name,
        onclick: () => this.showMore(miner.keys.get("sensor.hashrate")),
      },
      minerPlot(hashrate, power, Date.now()),
    );
  }

  /**
   * @param {Miner} miner
   * @param {string} key
   * @param {readonly [string, string]} parts
   */
  _figure(miner, key, parts) {
    return h(
      "button",
      { key, onclick: () => this.showMore(miner.keys.get(key)) },
      h("b", null, joined(parts)),
      this.t(`figure.${key.slice("sensor.".length)}`),
    );
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }
}
