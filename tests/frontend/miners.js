/** What tests show: a Home Assistant with miners and a manager. */

/** @import { Hass, State } from "../../custom_components/xmrig_miner/frontend/web/types.js" */

/** @param {string} state @param {Record<string, any>} [attributes] */
const stateOf = (state, attributes = {}) => ({ state, attributes });

/** What a miner shows that mines. */
export const MINING = {
  "sensor.status": stateOf("mining"),
  "sensor.hashrate": stateOf("2.5", { unit_of_measurement: "kH/s" }),
  "switch.mining": stateOf("on"),
  "number.cpu_threads": stateOf("6", { max: 8 }),
};

/**
 * Return a Home Assistant with devices, each with what it shows by the keys of its entities.
 *
 * @param {Record<string, { shows: Record<string, { state: string, attributes: Record<string, any> }>, of?: string, model?: string }>} devices
 * @returns {Hass}
 */
export function homeAssistant(devices) {
  /** @type {any} */
  const hass = {
    states: {},
    entities: {},
    devices: {},
    locale: { language: "en", number_format: "language", time_format: "24", time_zone: "local" },
    config: { time_zone: "UTC" },
    user: { is_admin: true },
  };
  for (const [name, { shows, of, model }] of Object.entries(devices)) {
    hass.devices[name] = {
      id: name,
      name,
      name_by_user: null,
      model,
      identifiers: [["xmrig_miner", of ? `${of}-entry_0` : `${name}-entry`]],
      config_entries: [`${of ?? name}-entry`],
      via_device_id: of,
    };
    for (const [key, state] of Object.entries(shows)) {
      const [domain, translation_key] = key.split(".");
      // Its ID says nothing of what it is: users may change it
      const entity_id = `${domain}.e${Object.keys(hass.entities).length}`;
      hass.entities[entity_id] = {
        entity_id,
        device_id: name,
        platform: "xmrig_miner",
        translation_key,
      };
      hass.states[entity_id] = { entity_id, last_changed: "2026-01-01T00:00:00Z", ...state };
    }
  }
  return hass;
}

/** The manager's entities. */
export const MANAGER = {
  "select.mode": stateOf("smart", { options: ["off", "smart", "full", "manual"] }),
  "sensor.reason": stateOf("no_surplus"),
  "sensor.surplus": stateOf("0.2", { unit_of_measurement: "kW" }),
};

export { stateOf };
