/** Tests of the repairs that cards show. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { watchIssues } from "../../custom_components/xmrig_miner/frontend/web/issues.js";

/** Wait until everything that was asked for is answered. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("repairs are read again after a lost connection", async () => {
  const issue = { domain: "xmrig_miner", issue_id: "outdated_1" };
  const asked = { issues: [issue, { domain: "hue" }] };
  /** @type {(() => void)[]} */
  const reconnected = [];
  /** @type {any} */
  const hass = {
    connection: {
      addEventListener: (/** @type {string} */ type, /** @type {() => void} */ callback) => {
        assert.equal(type, "ready");
        reconnected.push(callback);
      },
      subscribeEvents: async () => () => undefined,
    },
    callWS: async () => asked,
    loadBackendTranslation: async () => undefined,
  };
  /** @type {any[]} */
  const seen = [];
  watchIssues(hass, (issues) => seen.push(issues));
  await settled();
  asked.issues = [];
  reconnected.forEach((callback) => callback());
  await settled();
  assert.deepEqual(seen, [[issue], []]);
});
