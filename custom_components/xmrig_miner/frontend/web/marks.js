/** The marks of a slider; functions of values. */

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
