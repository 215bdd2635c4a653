/**
 * Elements from descriptions: `render` changes only what differs from the last time, so
 * that focus, selection and animations stay.
 */

/**
 * @typedef {object} VNode
 * @property {string} tag
 * @property {Record<string, any>} props
 * @property {(VNode | string)[]} children
 */

/** @typedef {VNode | string | number | false | null | undefined} Child */
/** @typedef {Child | readonly Child[]} Children */

const SVG = "http://www.w3.org/2000/svg";

/** What was rendered into a parent. @type {WeakMap<Node, (VNode | string)[]>} */
const rendered = new WeakMap();

/** The current handlers of an element. @type {WeakMap<Element, Map<string, Function>>} */
const handlers = new WeakMap();

/**
 * Describe an element. Of `props`, those with "on" are listeners, those with "." are
 * properties, `key` identifies it among its siblings, and all others are attributes.
 *
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Children} children
 * @returns {VNode}
 */
export function h(tag, props, ...children) {
  /** @type {(VNode | string)[]} */
  const kept = [];
  for (const child of /** @type {Child[]} */ (children.flat())) {
    if (child === null || child === undefined || child === false || child === "") continue;
    kept.push(typeof child === "number" ? String(child) : child);
  }
  return { tag, props: props ?? {}, children: kept };
}

/**
 * Make the children of a parent as described.
 *
 * @param {Children} described
 * @param {Element | ShadowRoot} parent
 */
export function render(described, parent) {
  update(parent, h("", null, ...[described].flat()).children);
}

/**
 * @param {VNode | string} a
 * @param {VNode | string} b
 */
function isSame(a, b) {
  if (typeof a === "string" || typeof b === "string") return typeof a === typeof b;
  return a.tag === b.tag && a.props.key === b.props.key;
}

/**
 * @param {Element | ShadowRoot} parent
 * @param {(VNode | string)[]} next
 */
function update(parent, next) {
  const before = rendered.get(parent) ?? [];
  const nodes = /** @type {ChildNode[]} */ ([...parent.childNodes].slice(0, before.length));
  /** @type {Map<any, number>} */
  const keys = new Map();
  before.forEach((item, place) => {
    if (typeof item !== "string" && item.props.key !== undefined) keys.set(item.props.key, place);
  });
  /** @type {Set<number>} */
  const used = new Set();
  let free = 0;
  const placed = next.map((item) => {
    const key = typeof item === "string" ? undefined : item.props.key;
    let place = key === undefined ? -1 : (keys.get(key) ?? -1);
    if (key === undefined) {
      while (free < before.length && (used.has(free) || hasKey(before[free]))) free += 1;
      place = free < before.length ? free : -1;
    }
    const old = place < 0 ? undefined : before[place];
    if (old === undefined || used.has(place) || !isSame(old, item)) {
      return create(item, parent);
    }
    used.add(place);
    change(/** @type {ChildNode} */ (nodes[place]), old, item);
    return /** @type {ChildNode} */ (nodes[place]);
  });
  nodes.forEach((node, place) => {
    if (!used.has(place)) node.remove();
  });
  placed.forEach((node, place) => {
    const there = parent.childNodes[place] ?? null;
    if (there !== node) parent.insertBefore(node, there);
  });
  rendered.set(parent, next);
}

/** @param {VNode | string | undefined} item */
function hasKey(item) {
  return item !== undefined && typeof item !== "string" && item.props.key !== undefined;
}

/**
 * @param {VNode | string} item
 * @param {Element | ShadowRoot} parent
 * @returns {ChildNode}
 */
function create(item, parent) {
  if (typeof item === "string") return document.createTextNode(item);
  const isDrawn = item.tag === "svg" || /** @type {Element} */ (parent).namespaceURI === SVG;
  const node = isDrawn ? document.createElementNS(SVG, item.tag) : document.createElement(item.tag);
  setProps(node, {}, item.props);
  update(node, item.children);
  return node;
}

/**
 * @param {ChildNode} node
 * @param {VNode | string} before
 * @param {VNode | string} next
 */
function change(node, before, next) {
  if (typeof before === "string" || typeof next === "string") {
    if (before !== next) node.nodeValue = String(next);
    return;
  }
  const element = /** @type {Element} */ (node);
  setProps(element, before.props, next.props);
  update(element, next.children);
}

/**
 * @param {Element} element
 * @param {Record<string, any>} before
 * @param {Record<string, any>} next
 */
function setProps(element, before, next) {
  for (const name of new Set([...Object.keys(before), ...Object.keys(next)])) {
    const value = next[name];
    if (name === "key") continue;
    if (name.startsWith("on")) setHandler(element, name.slice(2), value);
    else if (name.startsWith(".")) setProperty(element, name.slice(1), value);
    else if (value === before[name]) continue;
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * @param {any} element
 * @param {string} name
 * @param {unknown} value
 */
function setProperty(element, name, value) {
  if (element[name] !== value) element[name] = value;
}

/**
 * @param {Element} element
 * @param {string} event
 * @param {Function | undefined} handler
 */
function setHandler(element, event, handler) {
  const known = handlers.get(element) ?? new Map();
  handlers.set(element, known);
  if (!known.has(event)) {
    element.addEventListener(event, (happened) => known.get(event)?.call(element, happened));
  }
  known.set(event, handler);
}

/** @type {Record<string, string>} */
const MIRRORED = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };

/**
 * Return the key that was pressed, as if the page was read from left to right.
 *
 * @param {KeyboardEvent} event
 */
export function keyOf({ key, currentTarget }) {
  const { direction } = getComputedStyle(/** @type {Element} */ (currentTarget));
  return (direction === "rtl" && MIRRORED[key]) || key;
}
