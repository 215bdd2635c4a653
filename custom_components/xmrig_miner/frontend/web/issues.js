/** The repairs of the integration, read once for all cards. */

/** @import { Hass, Issue } from "./types.js" */

import { DOMAIN } from "./registry.js";

/** @typedef {(issues: readonly Issue[]) => void} Listener */

/** @type {Set<Listener>} */
const listeners = new Set();

/** @type {readonly Issue[]} */
let known = [];

/** The connection that they are followed on. @type {object | undefined} */
let followed;

/**
 * Call a function with the repairs now and whenever they change, until the returned
 * function is called.
 *
 * @param {Hass} hass
 * @param {Listener} listener
 */
export function watchIssues(hass, listener) {
  listeners.add(listener);
  if (followed !== hass.connection) {
    followed = hass.connection;
    void follow(hass);
  } else if (known.length) {
    listener(known);
  }
  return () => {
    listeners.delete(listener);
  };
}

/**
 * Load the texts of repairs in the user's language: Home Assistant does it only for its own
 * page. They are there once it replaces `localize`.
 *
 * @param {Hass} hass
 */
export function loadIssueTexts(hass) {
  hass.loadBackendTranslation("issues", DOMAIN).catch(() => undefined);
}

/** @param {Hass} hass */
async function follow(hass) {
  // Those of the time without a connection were missed
  hass.connection.addEventListener("ready", () => void read(hass));
  await read(hass);
  try {
    await hass.connection.subscribeEvents(
      () => void read(hass),
      "repairs_issue_registry_updated",
    );
  } catch {
    // Users without the permission see those of the start
  }
}

/** @param {Hass} hass */
async function read(hass) {
  try {
    const [{ issues }] = await Promise.all([
      /** @type {Promise<{ issues: Issue[] }>} */ (hass.callWS({ type: "repairs/list_issues" })),
      hass.loadBackendTranslation("issues", DOMAIN),
    ]);
    known = issues.filter((issue) => issue.domain === DOMAIN);
  } catch {
    known = [];
  }
  for (const listener of listeners) listener(known);
}
