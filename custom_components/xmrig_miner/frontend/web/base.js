/** What all cards share: they render when one of the states that they show changes. */

/** @import { Hass, Issue, Problem, Translate } from "./types.js" */

import { h, render } from "./dom.js";
import { loadIssueTexts, watchIssues } from "./issues.js";
import { DOMAIN } from "./registry.js";
import { watchStores } from "./store.js";
import { pathOf } from "./strategy.js";
import { STYLES } from "./styles.js";
import { loadTexts, textsOf, translator } from "./texts.js";

/** Registries and settings whose change may change all of a card. */
const WHOLE = /** @type {const} */ (["entities", "devices", "locale", "localize", "user"]);

/** @typedef {{ schema: object[], computeLabel?: () => string }} Form of a card's editor */

/** Return the form of cards that show one miner. */
export const minerForm = () => ({
  schema: [
    {
      name: "device",
      required: true,
      // A timestamp is what miners have (and workers), and neither proxies nor cards
      selector: {
        device: {
          integration: DOMAIN,
          entity: { domain: "sensor", device_class: "timestamp" },
        },
      },
    },
  ],
});

export class XmrigCard extends HTMLElement {
  /** @type {Hass | undefined} */
  _hass;
  /** @type {Record<string, any>} */
  _config = {};
  /** @type {readonly Issue[]} */
  _issues = [];
  /** The problem whose remedy is open. @type {Problem | undefined} */
  _open;
  _isDue = false;
  /** What `shown` returned, until a registry or the configuration changes. @type {string[] | undefined} */
  _ids;
  /** @type {Translate} */
  t = (key) => key;
  /** @type {(() => void) | undefined} */
  _stop;

  constructor() {
    super();
    this._root = this.attachShadow({ mode: "open" });
  }

  /**
   * Return the form of a card's editor: without one, it would show YAML. Of a card that has
   * no settings, it says so.
   *
   * @returns {Form | Promise<Form>}
   */
  static getConfigForm() {
    const language = document.documentElement.lang || "en";
    return loadTexts(language).then((texts) => ({
      schema: [{ name: "no_settings", type: "constant" }],
      computeLabel: () => translator(texts, language)("card.no_settings"),
    }));
  }

  /** Return about how high a card is in units of 50 px, by which some views place it. */
  getCardSize() {
    return 5;
  }

  /** @param {Record<string, any>} config */
  setConfig(config) {
    this._config = config;
    this._ids = undefined;
    this.requestRender();
  }

  /** @param {Hass} hass */
  set hass(hass) {
    const before = this._hass;
    this._hass = hass;
    if (this.isConnected && !this._stop) this._watch();
    if (before?.themes !== hass.themes) this.toggleAttribute("dark", hass.themes.darkMode);
    if (before?.language !== hass.language) loadIssueTexts(hass);
    if (!before || WHOLE.some((name) => before[name] !== hass[name])) {
      this._ids = undefined;
      this.requestRender();
      return;
    }
    // States change many times a second, what is shown of them does not
    this._ids ??= this.shown(hass);
    if (this._ids.some((id) => before.states[id] !== hass.states[id])) this.requestRender();
  }

  get hass() {
    return /** @type {Hass} */ (this._hass);
  }

  connectedCallback() {
    if (this._hass && !this._stop) this._watch();
    this.requestRender();
  }

  disconnectedCallback() {
    this._stop?.();
    this._stop = undefined;
  }

  _watch() {
    const stops = [
      watchIssues(this.hass, (issues) => {
        this._issues = issues;
        this.requestRender();
      }),
      watchStores(() => this.requestRender()),
    ];
    this._stop = () => stops.forEach((stop) => stop());
  }

  requestRender() {
    if (this._isDue || !this._hass) return;
    this._isDue = true;
    queueMicrotask(() => {
      this._isDue = false;
      void this._render();
    });
  }

  async _render() {
    const { language } = this.hass.locale;
    const texts = textsOf(language) ?? (await loadTexts(language));
    if (!this.isConnected) return;
    this.t = translator(texts, language);
    render([h("style", null, STYLES), this.content(), this._remedy()], this._root);
    const dialog = this._root.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  /**
   * Return the IDs of the entities that are shown.
   *
   * @param {Hass} _hass
   * @returns {string[]}
   */
  shown(_hass) {
    return [];
  }

  /** @returns {import("./dom.js").Child} */
  content() {
    return null;
  }

  /**
   * Call an action. Home Assistant shows its error.
   *
   * @param {string} domain
   * @param {string} action
   * @param {string | undefined} entityId
   * @param {Record<string, unknown>} [data]
   */
  async call(domain, action, entityId, data = {}) {
    if (!entityId) return;
    try {
      await this.hass.callService(domain, action, { ...data, entity_id: entityId });
    } catch {
      // It changed nothing, so what is shown has to be what it was
    }
    this.requestRender();
  }

  /**
   * Return a link to the page of a miner, which is on the same dashboard.
   *
   * @param {string} deviceId
   * @param {import("./dom.js").Child} child
   */
  pageLink(deviceId, child) {
    /** @param {Event} event */
    const open = (event) => {
      event.preventDefault();
      history.pushState(null, "", /** @type {HTMLAnchorElement} */ (event.currentTarget).href);
      window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
    };
    return h("a", { href: pathOf(deviceId), onclick: open }, child);
  }

  /** @param {string | undefined} entityId */
  showMore(entityId) {
    const detail = { entityId };
    this.dispatchEvent(new CustomEvent("hass-more-info", { detail, bubbles: true, composed: true }));
  }

  /**
   * Return chips for problems, each of which opens its remedy.
   *
   * @param {readonly Problem[]} problems
   */
  chips(problems) {
    if (problems.length === 0) return null;
    return h(
      "div",
      { class: "chips" },
      problems.map((problem) =>
        h(
          "button",
          {
            class: "chip",
            key: `${problem.miner} ${problem.message.key}`,
            onclick: () => {
              this._open = problem;
              this.requestRender();
            },
          },
          `⚠ ${problem.chip ?? this._title(problem)}`,
        ),
      ),
    );
  }

  /** @param {Problem} problem */
  _title({ issue, message }) {
    return issue ? this._issueText(issue, "title") : this.t(message.key, message.values);
  }

  /**
   * @param {Issue} issue
   * @param {string} part
   */
  _issueText(issue, part) {
    const key = `component.${issue.domain}.issues.${issue.translation_key}.${part}`;
    return this.hass.localize(key, issue.translation_placeholders ?? {});
  }

  /** Return the dialog with what to do about a problem. */
  _remedy() {
    const problem = this._open;
    if (!problem) return null;
    const { issue } = problem;
    const text = !issue
      ? this.t("remedy.offline")
      : issue.is_fixable
        ? this.t(this.hass.user?.is_admin ? "remedy.fixable" : "remedy.ask")
        : this._issueText(issue, "description");
    const close = () => {
      this._open = undefined;
      this.requestRender();
    };
    return h(
      "dialog",
      { key: "remedy", "aria-label": this._title(problem), onclose: close },
      h("h2", null, this._title(problem)),
      text.split(/\n\n+/).map((part) => h("p", null, part.replace(/[`*]/g, ""))),
      h(
        "div",
        null,
        issue?.is_fixable &&
          this.hass.user?.is_admin &&
          h("a", { href: "/config/repairs" }, this.t("remedy.repairs")),
        issue?.learn_more_url &&
          h(
            "a",
            { href: issue.learn_more_url, target: "_blank", rel: "noreferrer" },
            this.t("remedy.learn_more"),
          ),
        h("button", { onclick: close }, this.hass.localize("ui.common.close")),
      ),
    );
  }
}
