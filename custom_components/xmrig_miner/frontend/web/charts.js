/** The geometry of charts; functions of values. */

/** @import { CurvePoint, Point } from "./types.js" */

/**
 * Return marks of an axis from 0: up to `most` of them, at round numbers.
 *
 * @param {number} maximum
 * @param {number} most
 */
export function ticks(maximum, most) {
  if (!(maximum > 0)) return [0];
  const rough = maximum / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const size = step ?? rough;
  return Array.from({ length: Math.floor(maximum / size + 1e-9) + 1 }, (_, place) => place * size);
}

/**
 * A chart's size, and the values at its edges.
 *
 * @typedef {object} Frame
 * @property {number} width
 * @property {number} height
 * @property {number} from
 * @property {number} to
 * @property {number} maximum
 */

/** @param {number} value */
const rounded = (value) => Math.round(value * 10) / 10;

/**
 * @param {Frame} frame
 * @param {number} time
 */
export function x(frame, time) {
  const share = (time - frame.from) / (frame.to - frame.from);
  return rounded(Math.min(Math.max(share, 0), 1) * frame.width);
}

/**
 * @param {Frame} frame
 * @param {number} value
 */
export function y(frame, value) {
  const share = frame.maximum > 0 ? value / frame.maximum : 0;
  return rounded(frame.height * (1 - Math.min(Math.max(share, 0), 1)));
}

/**
 * Return the path of a line, with a gap where nothing was recorded for long.
 *
 * @param {Frame} frame
 * @param {readonly Point[]} points
 * @param {number} [gap] in s
 */
export function linePath(frame, points, gap = Infinity) {
  return split(points, gap)
    .map((part) => `M${part.map((point) => place(frame, point)).join("L")}`)
    .join("");
}

/**
 * @param {Frame} frame
 * @param {Point} point
 */
const place = (frame, { time, value }) => `${x(frame, time)} ${y(frame, value)}`;

/**
 * Return the path of the area below a line.
 *
 * @param {Frame} frame
 * @param {readonly Point[]} points
 * @param {number} [gap] in s
 */
export function areaPath(frame, points, gap = Infinity) {
  return split(points, gap)
    .map((part) => {
      const [first, last] = [/** @type {Point} */ (part[0]), /** @type {Point} */ (part.at(-1))];
      const line = part.map((point) => place(frame, point)).join("L");
      return `M${x(frame, first.time)} ${frame.height}L${line}L${x(frame, last.time)} ${frame.height}Z`;
    })
    .join("");
}

/**
 * @template {{ time: number }} T
 * @param {readonly T[]} points
 * @param {number} gap
 */
function split(points, gap) {
  /** @type {T[][]} */
  const parts = [];
  let before = -Infinity;
  for (const point of points) {
    if (point.time - before > gap || before === -Infinity) parts.push([]);
    parts.at(-1)?.push(point);
    before = point.time;
  }
  return parts;
}

/**
 * Return the last value of a series until a time; undefined before its first.
 *
 * @param {readonly Point[]} points
 * @param {number} time
 */
export function valueAt(points, time) {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Point} */ (points[middle]).time <= time) low = middle + 1;
    else high = middle;
  }
  return points[low - 1]?.value;
}

/**
 * Return the surplus that was available for mining, and the part of mining that was not
 * covered by it, from the surplus that mining left, the power of mining, and the power that
 * was counted as bought or from a battery, as far as it was.
 *
 * Means alone cannot tell: a kettle, for which mining paused, may use up the mean of all
 * that was left over before and after.
 *
 * @param {readonly Point[]} surplus
 * @param {readonly Point[]} mining
 * @param {readonly (readonly Point[])[]} [counted]
 */
export function available(surplus, mining, counted = []) {
  /** @type {Point[]} */
  const free = [];
  /** @type {Band[]} */
  const bought = [];
  for (const { time, value } of surplus) {
    const drawn = valueAt(mining, time) ?? 0;
    const known = counted.flatMap((points) => valueAt(points, time) ?? []);
    const missing = known.length
      ? known.reduce((sum, watts) => sum + watts, 0)
      : Math.max(0, -value);
    const low = Math.max(0, drawn - missing);
    free.push({ time, value: Math.max(value + drawn, low) });
    bought.push({ time, low, high: drawn });
  }
  return { free, bought };
}

/** A range of values at a time. @typedef {{ time: number, low: number, high: number }} Band */

/**
 * Return the path of the area between two lines, where they differ.
 *
 * @param {Frame} frame
 * @param {readonly Band[]} band
 * @param {number} gap in s
 */
export function bandPath(frame, band, gap) {
  return split(band, gap)
    .filter((part) => part.some(({ low, high }) => high > low))
    .map((part) => {
      const upper = part.map(({ time, high }) => `${x(frame, time)} ${y(frame, high)}`);
      const lower = part.map(({ time, low }) => `${x(frame, time)} ${y(frame, low)}`);
      return `M${[...upper, ...lower.reverse()].join("L")}Z`;
    })
    .join("");
}

/**
 * Return the largest value of some series; 0 without any.
 *
 * @param {...readonly Point[]} series
 */
export function peak(...series) {
  return series.flat().reduce((most, { value }) => Math.max(most, value), 0);
}

/** s of an axis from which on each sixth hour is marked; below, each third, or each. */
const LONG = 43_200;
const SHORT = 14_400;

/**
 * Return the hours between two times that an axis of time marks, but not close to its ends,
 * where a label would be cut off.
 *
 * @param {number} from in s
 * @param {number} to in s
 * @param {(date: Date) => number} hourOf
 */
export function hours(from, to, hourOf) {
  const span = to - from;
  const step = span >= LONG ? 6 : span >= SHORT ? 3 : 1;
  const edge = span / 24;
  /** @type {Date[]} */
  const found = [];
  for (let time = Math.ceil((from + edge) / 3600) * 3600; time <= to - edge; time += 3600) {
    const date = new Date(time * 1000);
    if (hourOf(date) % step === 0) found.push(date);
  }
  return found;
}

/** s of the longest and the shortest axis of time. */
const DAY = 86_400;
const SHORTEST = 3600;

/**
 * Return the time at which the axis of the last day begins: with the first value, if there
 * are none of a whole day yet.
 *
 * @param {number} now in s
 * @param {...readonly Point[]} series
 */
export function beginning(now, ...series) {
  const firsts = series.flatMap(([first]) => (first ? [first.time] : []));
  return Math.min(Math.max(Math.min(...firsts), now - DAY), now - SHORTEST);
}

/**
 * Return the number of threads with the most hashes per W; undefined while unknown, and
 * while only one of several can be told.
 *
 * Only what was measured counts, if there is anything to compare: the rest is a guess.
 *
 * @param {readonly CurvePoint[]} curve
 */
export function bestPoint(curve) {
  const known = curve.filter(({ threads, power, hashrate }) => threads > 0 && power && hashrate);
  if (known.length < 2 && curve.length > 2) return undefined;
  const measured = known.filter((point) => point.is_measured);
  /** @type {CurvePoint | undefined} */
  let best;
  for (const point of measured.length > 1 ? measured : known) {
    if (!best || efficiencyOf(point) > efficiencyOf(best)) best = point;
  }
  return best;
}

/** @param {CurvePoint} point in H/J */
export function efficiencyOf({ power, hashrate }) {
  return power && hashrate ? hashrate / power : 0;
}
