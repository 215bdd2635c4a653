/** A slider over a bar, with marks below it. */

import { h, keyOf } from "./dom.js";

/**
 * @typedef {object} Slider
 * @property {number} minimum
 * @property {number} maximum
 * @property {number} value where it is
 * @property {number} filled up to where its bar is filled
 * @property {boolean} isOff whether what is filled is not in effect
 * @property {string} name
 * @property {string} text what is said inside of it
 * @property {string} spoken what its value means
 * @property {readonly { at: number, text: string | number }[]} marks
 * @property {(value: number) => void} onmove
 * @property {() => void} onset
 * @property {(value: number, direction: 1 | -1) => number} next what an arrow key leads to
 */

/** @type {Record<string, 1 | -1>} */
const ARROWS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

/** @param {Slider} slider */
export function slider({ minimum, maximum, value, filled, isOff, marks, ...of }) {
  /** @param {number} at in % */
  const share = (at) =>
    Math.min(Math.max((100 * (at - minimum)) / (maximum - minimum || 1), 0), 100);
  /** @param {Event} event */
  const move = (event) => of.onmove(Number(/** @type {HTMLInputElement} */ (event.currentTarget).value));
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const direction = ARROWS[keyOf(event)];
    if (direction === undefined) return;
    event.preventDefault();
    of.onmove(of.next(value, direction));
    of.onset();
  };
  return h(
    "div",
    null,
    h(
      "label",
      { class: isOff ? "slider off" : "slider" },
      h("i", { style: `width:${share(filled)}%` }),
      value < maximum && h("u", { style: `inset-inline-start:${share(value)}%` }),
      h("b", null, of.text),
      h("input", {
        type: "range",
        min: minimum,
        max: maximum,
        step: 1,
        "aria-label": of.name,
        "aria-valuetext": of.spoken,
        ".value": String(value),
        oninput: move,
        onchange: of.onset,
        onkeydown: press,
      }),
    ),
    h(
      "div",
      { class: "marks", "aria-hidden": "true" },
      marks.map((mark) =>
        h("span", { style: `inset-inline-start:${share(mark.at)}%` }, mark.text),
      ),
    ),
  );
}
