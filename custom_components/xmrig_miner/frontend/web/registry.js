/**
 * Miners and the manager in Home Assistant's registries, by the keys of their names and
 * never by entity IDs, which the user may change.
 */

/** @import { Hass, Device, Unit } from "./types.js" */

export const DOMAIN = "xmrig_miner";

/** Entities of a device, as in "sensor.hashrate". @typedef {Map<string, string>} Keys */

/** @type {WeakMap<object, Map<string, Keys>>} */
const indexes = new WeakMap();

/**
 * Return the entities of each device of the integration. Hidden ones are left out, as on
 * the dashboards that Home Assistant generates.
 *
 * @param {Hass} hass
 * @returns {Map<string, Keys>}
 */
function index(hass) {
  let found = indexes.get(hass.entities);
  if (!found) {
    found = new Map();
    for (const entity of Object.values(hass.entities)) {
      if (entity.platform !== DOMAIN || !entity.device_id || entity.hidden) continue;
      const keys = found.get(entity.device_id) ?? new Map();
      found.set(entity.device_id, keys);
      const domain = entity.entity_id.split(".", 1)[0];
      keys.set(`${domain}.${entity.translation_key}`, entity.entity_id);
    }
    indexes.set(hass.entities, found);
  }
  return found;
}

/**
 * Return the config entry that a device is the main one of.
 *
 * @param {Device} device
 */
function entryOf(device) {
  const entries = device.config_entries ?? [device.config_entry_id];
  const found = device.identifiers.find(
    ([domain, identifier]) => domain === DOMAIN && entries.includes(identifier),
  );
  return found?.[1];
}

/**
 * @param {Hass} hass
 * @param {Device} device
 * @param {string} entryId
 * @returns {Unit}
 */
function unit(hass, device, entryId) {
  return {
    id: device.id,
    entryId,
    name: device.name_by_user || device.name || "XMRig",
    keys: index(hass).get(device.id) ?? new Map(),
  };
}

/**
 * Return the IDs of the entities of a device that exist of some keys.
 *
 * @param {Unit | undefined} unit
 * @param {readonly string[]} keys
 */
export function idsOf(unit, keys) {
  return keys.map((key) => unit?.keys.get(key)).filter((id) => id !== undefined);
}

/**
 * Return the main devices of all config entries whose entities have a key.
 *
 * @param {Hass} hass
 * @param {string} key
 */
function withKey(hass, key) {
  /** @type {Unit[]} */
  const found = [];
  for (const [id, keys] of index(hass)) {
    const device = hass.devices[id];
    const entryId = device && entryOf(device);
    if (device && entryId && keys.has(key)) found.push(unit(hass, device, entryId));
  }
  return found;
}

/**
 * Return how devices are ordered.
 *
 * @param {Hass} hass
 * @returns {(a: { name: string }, b: { name: string }) => number}
 */
function byName(hass) {
  const order = new Intl.Collator(hass.locale.language, { numeric: true });
  return (a, b) => order.compare(a.name, b.name);
}

/**
 * Return all miners, by name. Proxies have no such status and are none.
 *
 * @param {Hass} hass
 */
export function findMiners(hass) {
  return withKey(hass, "sensor.status").sort(byName(hass));
}

/**
 * Return all proxies, by name.
 *
 * @param {Hass} hass
 */
export function findProxies(hass) {
  return withKey(hass, "sensor.proxy_status").sort(byName(hass));
}

/**
 * Return the manager; undefined without one.
 *
 * @param {Hass} hass
 * @returns {Unit | undefined}
 */
export function findManager(hass) {
  return withKey(hass, "select.mode")[0];
}

/**
 * Return the miner with a device ID; undefined if there is none.
 *
 * @param {Hass} hass
 * @param {string | undefined} deviceId
 */
export function findMiner(hass, deviceId) {
  const device = deviceId === undefined ? undefined : hass.devices[deviceId];
  const entryId = device && entryOf(device);
  if (!device || !entryId) return undefined;
  const found = unit(hass, device, entryId);
  return found.keys.has("sensor.status") ? found : undefined;
}

/** @type {WeakMap<object, Map<string, Device[]>>} */
const children = new WeakMap();

/**
 * Return the devices that belong to another, by the ID of that.
 *
 * @param {Hass} hass
 */
function childrenOf(hass) {
  let found = children.get(hass.devices);
  if (!found) {
    found = new Map();
    for (const device of Object.values(hass.devices)) {
      if (!device?.via_device_id) continue;
      const siblings = found.get(device.via_device_id) ?? [];
      found.set(device.via_device_id, siblings);
      siblings.push(device);
    }
    children.set(hass.devices, found);
  }
  return found;
}

/**
 * Return the graphics cards of a miner, by name.
 *
 * @param {Hass} hass
 * @param {Unit} miner
 */
export function findCards(hass, miner) {
  return (childrenOf(hass).get(miner.id) ?? [])
    .filter((device) => index(hass).has(device.id))
    .map((device) => ({
      ...unit(hass, device, miner.entryId),
      model: device.model ?? undefined,
    }))
    .sort(byName(hass));
}
