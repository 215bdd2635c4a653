/** The geometry of charts; functions of values. */

/** @import { CurvePoint, Point } from "./types.d.ts" */

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
 * Return the marks of a slider over threads: each one while there are few, else round ones.
 *
 * @param {number} minimum
 * @param {number} maximum
 */
export function threadMarks(minimum, maximum) {
  const count = maximum - minimum;
  if (count <= 0) return [maximum];
  if (count <= 8) return range(minimum, maximum, 1);
  const step = [2, 4, 8, 16, 32, 64].find((size) => maximum / size <= 8) ?? 128;
  const inner = range(step, maximum, step).filter((mark) => mark - minimum >= step / 2);
  const last = inner.at(-1);
  if (last !== undefined && last !== maximum && maximum - last < step / 2) inner.pop();
  return [...new Set([minimum, ...inner, maximum])];
}

/**
 * @param {number} first
 * @param {number} last
 * @param {number} step
 */
function range(first, last, step) {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, place) => first + place * step);
}

/**
 * Return the marks of a slider over watts: what each number of threads draws.
 *
 * @param {readonly CurvePoint[]} curve
 * @param {number} maximum
 */
export function powerMarks(curve, maximum) {
  /** @type {{ value: number, label: string }[]} */
  const marks = [];
  for (const { threads, power } of curve) {
    if (threads > 0 && power !== null && power <= maximum) {
      marks.push({ value: power, label: String(threads) });
    }
  }
  // At most so many that their labels do not touch
  const every = Math.ceil(marks.length / 12);
  return marks.filter((_, place) => place % every === 0 || place === marks.length - 1);
}

/**
 * A chart's area in px, and the values at its edges.
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
  let before = -Infinity;
  return points
    .map(({ time, value }) => {
      const command = time - before > gap || before === -Infinity ? "M" : "L";
      before = time;
      return `${command}${x(frame, time)} ${y(frame, value)}`;
    })
    .join("");
}

/**
 * Return the path of the area below a line.
 *
 * @param {Frame} frame
 * @param {readonly Point[]} points
 * @param {number} [gap] in s
 */
export function areaPath(frame, points, gap = Infinity) {
  return split(points, gap)
    .filter((part) => part.length > 0)
    .map((part) => {
      const [first, last] = [/** @type {Point} */ (part[0]), /** @type {Point} */ (part.at(-1))];
      const line = linePath(frame, part).slice(1);
      return `M${x(frame, first.time)} ${frame.height}L${line}L${x(frame, last.time)} ${frame.height}Z`;
    })
    .join("");
}

/**
 * @param {readonly Point[]} points
 * @param {number} gap
 */
function split(points, gap) {
  /** @type {Point[][]} */
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
 * Return a value at each of the times of another series: the last one before it.
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
 * Return what was available for mining, and what of mining was bought, from what was left
 * over beside mining and what mining drew.
 *
 * @param {readonly Point[]} surplus
 * @param {readonly Point[]} mining
 */
export function available(surplus, mining) {
  /** @type {Point[]} */
  const free = [];
  /** @type {Point[]} */
  const bought = [];
  for (const { time, value } of surplus) {
    const drawn = valueAt(mining, time) ?? 0;
    const sun = Math.max(0, value + drawn);
    free.push({ time, value: sun });
    bought.push({ time, value: Math.max(0, drawn - sun) });
  }
  return { free, bought };
}

/**
 * Return the largest value of some series; 0 without any.
 *
 * @param {...readonly Point[]} series
 */
export function peak(...series) {
  return series.flat().reduce((most, { value }) => Math.max(most, value), 0);
}

/**
 * Return full hours between two times, at most `most` of them.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} most
 */
export function hours(from, to, most) {
  const step = [1, 2, 3, 4, 6, 12, 24].find((size) => (to - from) / 3600 / size <= most) ?? 48;
  /** @type {Date[]} */
  const found = [];
  const date = new Date(from * 1000);
  date.setMinutes(0, 0, 0);
  for (; date.getTime() <= to * 1000; date.setHours(date.getHours() + 1)) {
    if (date.getTime() >= from * 1000 && date.getHours() % step === 0) found.push(new Date(date));
  }
  return found;
}

/**
 * Return the number of threads with the most hashes per W; undefined while unknown.
 *
 * Only what was measured counts as long as anything was: what lies between is a guess.
 *
 * @param {readonly CurvePoint[]} curve
 */
export function bestPoint(curve) {
  const known = curve.filter(({ threads, power, hashrate }) => threads > 0 && power && hashrate);
  const measured = known.filter((point) => point.is_measured);
  /** @type {CurvePoint | undefined} */
  let best;
  for (const point of measured.length ? measured : known) {
    if (!best || efficiencyOf(point) > efficiencyOf(best)) best = point;
  }
  return best;
}

/** @param {CurvePoint} point in H/J */
export function efficiencyOf({ power, hashrate }) {
  return power && hashrate ? hashrate / power : 0;
}
