/** The dashboard: which views and cards there are, by what is set up. */

/** @import { Hass, Unit } from "./types.js" */

import { TABLE_FROM, TABS_UP_TO } from "./overview.js";
import { findCards, findManager, findMiners, findProxies, idsOf } from "./registry.js";
import { loadTexts, translator } from "./texts.js";

const CARD = "custom:xmrig-";

/** @typedef {Record<string, any>} Config */

/** What is shown of a proxy, in this order. */
const PROXY_KEYS = [
  ...["sensor.proxy_status", "sensor.proxy_hashrate_10m", "sensor.proxy_workers_online"],
  ...["sensor.proxy_miners", "binary_sensor.proxy_pool_connected", "select.pool"],
];

/**
 * Return the path of a miner's page, which does not change with its name.
 *
 * @param {string} deviceId
 */
export const pathOf = (deviceId) => `miner-${deviceId}`;

/**
 * Return the views of the dashboard.
 *
 * @param {Hass} hass
 * @param {import("./types.js").Translate} t
 * @returns {Config[]}
 */
export function views(hass, t) {
  const miners = findMiners(hass);
  return [
    overview(hass, miners, t),
    ...miners.map((miner) => page(hass, miner, miners.length > TABS_UP_TO, t)),
  ];
}

/**
 * @param {Hass} hass
 * @param {readonly Unit[]} miners
 * @param {import("./types.js").Translate} t
 */
function overview(hass, miners, t) {
  const manager = findManager(hass);
  const only = miners.length === 1 ? { grid_options: { columns: "full" } } : {};
  /** @type {(Config | undefined)[]} */
  const cards = [{ type: `${CARD}overview` }];
  if (manager) cards.push({ type: `${CARD}manager` });
  if (miners.length >= TABLE_FROM) cards.push({ type: `${CARD}miners`, has_pages: true });
  else {
    const shown = { type: `${CARD}miner`, has_pages: true, ...only };
    cards.push(...miners.map(({ id }) => ({ ...shown, device: id })));
  }
  cards.push(...findProxies(hass).map(proxyCard));
  const columns = columnsFor(miners.length);
  return sections(t("view.overview"), "overview", [cards], columns, { icon: "mdi:pickaxe" });
}

/**
 * Return a card of Home Assistant's own with what a proxy shows.
 *
 * @param {Unit} proxy
 * @returns {Config}
 */
const proxyCard = (proxy) => ({
  type: "entities",
  title: proxy.name,
  show_header_toggle: false,
  entities: idsOf(proxy, PROXY_KEYS).map((entity) => ({ entity, name: { type: "entity" } })),
});

/**
 * Return how many columns leave no row of miners half empty, where there is room for them.
 *
 * @param {number} count of miners
 */
const columnsFor = (count) => (count === 3 || count > 4 ? 3 : 2);

/**
 * @param {Hass} hass
 * @param {Unit} miner
 * @param {boolean} isSubview
 * @param {import("./types.js").Translate} t
 */
function page(hass, miner, isSubview, t) {
  const card = (/** @type {string} */ name) => ({ type: `${CARD}${name}`, device: miner.id });
  const has = (/** @type {string[]} */ ...keys) => keys.some((key) => miner.keys.has(key));
  return sections(
    miner.name,
    pathOf(miner.id),
    [
      [card("miner"), has("sensor.power") ? card("curve") : undefined],
      [
        has("select.pool", "sensor.pool") ? card("pools") : undefined,
        findCards(hass, miner).length > 0 ? card("gpus") : undefined,
        has("event.activity") ? card("events") : undefined,
        hass.user?.is_admin ? entitiesLink(miner, t) : undefined,
      ],
    ],
    2,
    { subview: isSubview },
  );
}

/**
 * Return a link to the device of a miner, which administrators alone can open.
 *
 * @param {Unit} miner
 * @param {import("./types.js").Translate} t
 */
const entitiesLink = (miner, t) => ({
  type: "heading",
  heading: t("page.entities"),
  heading_style: "subtitle",
  tap_action: { action: "navigate", navigation_path: `/config/devices/device/${miner.id}` },
});

/**
 * @param {string} title
 * @param {string} path
 * @param {readonly (readonly (Config | undefined)[])[]} parts
 * @param {number} columns
 * @param {Config} options
 */
function sections(title, path, parts, columns, options) {
  const filled = parts
    .map((cards) => cards.filter((card) => card !== undefined))
    .filter((cards) => cards.length > 0);
  return {
    type: "sections",
    title,
    path,
    max_columns: columns,
    ...options,
    sections: filled.map((cards) => ({
      type: "grid",
      column_span: filled.length === 1 ? columns : 1,
      cards,
    })),
  };
}

/**
 * Return views with those of before in the same places as then. The page of a miner that is
 * gone stays without a tab, and only says so.
 *
 * When a dashboard changes, Home Assistant shows the view in the place of the one before,
 * whichever its path is (updated of hui-root): the page of a miner would silently become that
 * of another one.
 *
 * @param {readonly Config[]} found
 * @param {readonly Config[]} before
 * @returns {Config[]}
 */
export function inPlace(found, before) {
  const paths = new Set(before.map(({ path }) => path));
  return [
    ...before.map((view) => found.find(({ path }) => path === view.path) ?? emptied(view)),
    ...found.filter(({ path }) => !paths.has(path)),
  ];
}

/** @param {Config} view @returns {Config} */
function emptied({ title, path }) {
  const card = { type: `${CARD}miner`, device: path.replace(pathOf(""), "") };
  return sections(title, path, [[card]], 2, { subview: true });
}

/** What was last generated for each dashboard, by its path. @type {Map<string, Config[]>} */
const generated = new Map();

export class XmrigStrategy extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  /**
   * @param {unknown} _config
   * @param {Hass} hass
   */
  static async generate(_config, hass) {
    const { language } = hass.locale;
    const t = translator(await loadTexts(language), language);
    const [, dashboard = "", path = ""] = location.pathname.split("/");
    const isPage = path.startsWith(pathOf(""));
    // On the overview, which is always the first, the tabs of miners may change their places
    const shown = inPlace(views(hass, t), (isPage && generated.get(dashboard)) || []);
    generated.set(dashboard, shown);
    return { views: shown };
  }
}
