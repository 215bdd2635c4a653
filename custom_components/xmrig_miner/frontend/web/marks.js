/** The scales and marks of a slider; functions of values. */

/** @import { CurvePoint } from "./types.js" */

/** Marks below a slider over watts, so that their labels do not touch. */
const MOST_MARKS = 12;

/** Share of a slider over watts that is at least between two of its marks. */
const LEAST_GAP = 1 / 14;

/**
 * Return what each number of threads draws, from the least to the most; without those that
 * it is unknown of.
 *
 * @param {readonly CurvePoint[]} curve
 * @param {number} cards W of graphics cards, which mine with any threads
 */
export function powerSteps(curve, cards) {
  return curve
    .flatMap(({ threads, power }) =>
      power === null ? [] : [{ threads, power: power + (threads > 0 ? cards : 0) }],
    )
    .sort((a, b) => a.power - b.power);
}

/**
 * Return the marks of a slider over watts: at what each number of threads draws, or some of
 * them if they are many or close together.
 *
 * @param {readonly { threads: number, power: number }[]} steps
 */
export function powerMarks(steps) {
  const every = Math.ceil(steps.length / MOST_MARKS);
  const [first, last] = [steps.at(0)?.power ?? 0, steps.at(-1)?.power ?? 0];
  const gap = (last - first) * LEAST_GAP;
  let before = -Infinity;
  return steps.filter(({ power }, place) => {
    const isLast = place === steps.length - 1;
    if (!isLast && (place % every > 0 || power - before < gap || last - power < gap)) return false;
    before = power;
    return true;
  });
}

/**
 * Return how many threads a limit leaves; 0 if not even one.
 *
 * @param {readonly { threads: number, power: number }[]} steps
 * @param {number} limit in W
 */
export function threadsWithin(steps, limit) {
  return steps.reduce(
    (most, { threads, power }) => (power <= limit ? Math.max(most, threads) : most),
    0,
  );
}

/**
 * Return the limit that an arrow key leads to: that of the next number of threads.
 *
 * @param {readonly { threads: number, power: number }[]} steps
 * @param {number} limit in W
 * @param {1 | -1} direction
 */
export function nextStep(steps, limit, direction) {
  const limits = steps.map(({ power }) => Math.ceil(power));
  const found =
    direction > 0
      ? limits.find((watts) => watts > limit)
      : limits.findLast((watts) => watts < limit);
  return found ?? limit;
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
