/** Charts as SVG, stretched to the width of the card; labels are text next to it. */

/** @import { CurvePoint, Point } from "./types.js" */

import { areaPath, bandPath, beginning, hours, linePath, peak, ticks, x, y } from "./charts.js";
import { h } from "./dom.js";

/** Units of the drawing, which is stretched to the size of its element. */
const WIDTH = 600;
const HEIGHT = 100;

/** s without a value that are a gap: a statistic is made every five minutes. */
const GAP = 900;

/** Marks of the axis of values, at most. */
const MOST_TICKS = 4;

/**
 * @param {readonly (import("./dom.js").Child)[]} shapes
 */
const drawing = (shapes) =>
  h(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...shapes,
  );

/**
 * @param {string} kind
 * @param {string} d
 */
const path = (kind, d) => h("path", { class: kind, d });

/**
 * Return the frame of the last day of some series.
 *
 * @param {number} maximum
 * @param {number} now in ms
 * @param {...readonly Point[]} series
 */
const dayFrame = (maximum, now, ...series) => ({
  width: WIDTH,
  height: HEIGHT,
  from: beginning(now / 1000, ...series),
  to: now / 1000,
  maximum,
});

/**
 * Return hashrate over power of the last day, each up to its own highest value.
 *
 * @param {readonly Point[]} hashrate
 * @param {readonly Point[]} power
 * @param {number} now in ms
 */
export function minerPlot(hashrate, power, now) {
  // Some room above, so that a line is not cut off
  const frame = dayFrame(peak(hashrate) * 1.05, now, hashrate, power);
  const powerFrame = { ...frame, maximum: peak(power) * 1.05 };
  return drawing([
    path("area mine", areaPath(frame, hashrate, GAP)),
    path("line mine", linePath(frame, hashrate, GAP)),
    power.length > 0 && path("line power", linePath(powerFrame, power, GAP)),
  ]);
}

/**
 * Return what was left over for mining and what mining drew in the last day, in W.
 *
 * @param {readonly Point[]} free
 * @param {readonly Point[]} mining
 * @param {readonly import("./charts.js").Band[]} bought of mining
 * @param {number} now in ms
 * @param {(watts: number) => string} formatPower
 * @param {(date: Date) => string} formatHour
 * @param {(date: Date) => number} hourOf
 */
export function managerPlot(free, mining, bought, now, formatPower, formatHour, hourOf) {
  // A line of nothing has a scale too
  const marks = ticks(Math.max(peak(free, mining), 10), MOST_TICKS);
  const step = marks[1] ?? 1;
  const highest = peak(free, mining);
  const frame = dayFrame(Math.max(Math.ceil(highest / step), 1) * step, now, free, mining);
  const lines = [...marks, ...(frame.maximum > (marks.at(-1) ?? 0) ? [frame.maximum] : [])];
  return h(
    "div",
    { class: "plot" },
    drawing([
      ...lines.map((mark) => path("grid", `M0 ${y(frame, mark)}H${WIDTH}`)),
      path("area sun", areaPath(frame, free, GAP)),
      path("line sun", linePath(frame, free, GAP)),
      path("area mine", areaPath(frame, mining, GAP)),
      path("area bought", bandPath(frame, bought, GAP)),
      path("line mine", linePath(frame, mining, GAP)),
    ]),
    lines.slice(1).map((mark) =>
      h(
        "span",
        { class: "value", style: `top:${y(frame, mark)}%` },
        formatPower(mark),
      ),
    ),
    hours(frame.from, frame.to, hourOf).map((date) =>
      h(
        "span",
        { class: "time", style: `left:${(100 * x(frame, date.getTime() / 1000)) / WIDTH}%` },
        formatHour(date),
      ),
    ),
  );
}

/**
 * Return W and H/s by threads, each up to its own highest value, with a mark at the best
 * number of threads.
 *
 * @param {readonly CurvePoint[]} curve
 * @param {CurvePoint | undefined} best
 * @param {readonly number[]} marks
 */
export function curvePlot(curve, best, marks) {
  /** @param {"power" | "hashrate"} name */
  const series = (name) =>
    curve.flatMap((point) => {
      const value = point[name];
      return value === null ? [] : [{ time: point.threads, value }];
    });
  const to = Math.max(curve.length - 1, 1);
  /** @param {readonly Point[]} points */
  const frameOf = (points) => ({
    width: WIDTH,
    height: HEIGHT,
    from: 0,
    to,
    maximum: peak(points) * 1.1,
  });
  const [power, hashrate] = [series("power"), series("hashrate")];
  const [powerFrame, hashrateFrame] = [frameOf(power), frameOf(hashrate)];
  /** @param {CurvePoint} point */
  const dots = (point) =>
    [
      { value: point.power, frame: powerFrame, series: "power" },
      { value: point.hashrate, frame: hashrateFrame, series: "mine" },
    ].flatMap(({ value, frame, series: name }) =>
      value === null || value === undefined
        ? []
        : [
            h("i", {
              class: `dot ${name}`,
              style: `left:${(100 * point.threads) / to}%;top:${y(frame, value)}%`,
            }),
          ],
    );
  return h(
    "div",
    { class: "plot curve" },
    drawing([
      path("grid", `M0 ${HEIGHT}H${WIDTH}`),
      best && path("best", `M${(WIDTH * best.threads) / to} 0V${HEIGHT}`),
      path("area mine", areaPath(hashrateFrame, hashrate)),
      path("line mine", linePath(hashrateFrame, hashrate)),
      path("line power", linePath(powerFrame, power)),
    ]),
    curve.filter((point) => point.is_measured).flatMap(dots),
    marks.map((mark) =>
      h("span", { class: "time", style: `left:${(100 * mark) / to}%` }, mark),
    ),
  );
}

/**
 * Return what the colours of a chart stand for.
 *
 * @param {readonly [string, string][]} entries each a kind and its text
 */
export function legend(entries) {
  return h(
    "div",
    { class: "legend" },
    entries.map(([kind, text]) => h("span", null, h("i", { class: kind }), text)),
  );
}
