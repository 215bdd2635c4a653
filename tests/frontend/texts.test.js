/** Tests of the texts: each key that is used exists, and none that is not. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { threadMarks } from "../../custom_components/xmrig_miner/frontend/web/marks.js";
import {
  formatNumber,
  hashrateParts,
  languageFor,
  LANGUAGES,
  listed,
  loadTexts,
  powerParts,
  textsOf,
  translator,
} from "../../custom_components/xmrig_miner/frontend/web/texts.js";

const WEB = new URL("../../custom_components/xmrig_miner/frontend/web/", import.meta.url);
const CODE = readdirSync(WEB)
  .filter((name) => name.endsWith(".js"))
  .map((name) => readFileSync(new URL(name, WEB), "utf8"))
  .join("\n");
const EN = JSON.parse(readFileSync(new URL("translations/en.json", WEB), "utf8"));
const ENGLISH = /** @type {const} */ ({
  language: "en",
  number_format: "language",
  time_format: "24",
  time_zone: "local",
});

/** Keys that are put together, and what comes after their last dot. */
const FAMILIES = [...CODE.matchAll(/[`"]([a-z]+(?:\.[a-z_]+)*\.)\$\{/g)].map(([, start]) => start);

test("every text is used, and every key that is used has a text", () => {
  const literal = [...CODE.matchAll(/"([a-z]+(?:\.[a-z_]+)+)"/g)]
    .map(([, key]) => key)
    .filter((key) => !/^(ui|sensor|switch|number|select|button|event|binary_sensor)\./.test(key ?? ""))
    .filter((key) => !key?.endsWith(".js"));
  const missing = literal.filter((key) => !(/** @type {string} */ (key) in EN));
  assert.deepEqual(missing, []);
  const unused = Object.keys(EN)
    .filter((key) => !key.startsWith("card."))
    .filter((key) => !literal.includes(key))
    .filter((key) => !FAMILIES.some((start) => start !== undefined && key.startsWith(start)));
  assert.deepEqual(unused, []);
});

/** @param {string} name @returns {Record<string, string | Record<string, string>>} */
const textsIn = (name) => JSON.parse(readFileSync(new URL(`translations/${name}.json`, WEB), "utf8"));

test("there is a file of every language", () => {
  const files = readdirSync(new URL("translations/", WEB)).map((name) => name.replace(".json", ""));
  assert.deepEqual(files.sort(), [...LANGUAGES].sort());
});

test("every language has the plural forms that it needs for counts, and no other", () => {
  const counts = Array.from({ length: 1001 }, (_, count) => count);
  for (const name of LANGUAGES) {
    const rules = new Intl.PluralRules(name);
    const needed = [...new Set([...counts.map((count) => rules.select(count)), "other"])].sort();
    for (const [key, text] of Object.entries(textsIn(name))) {
      if (typeof text !== "string") assert.deepEqual(Object.keys(text).sort(), needed, key);
      assert.equal(typeof text, typeof (EN[key] ?? text), key);
    }
  }
});

test("a language is fetched once, and English fills in for what it lacks", async (context) => {
  /** @type {string[]} */
  const fetched = [];
  context.mock.method(globalThis, "fetch", async (/** @type {URL} */ url) => {
    const name = url.pathname.split("/").at(-1) ?? "";
    fetched.push(name);
    const texts = { "en.json": { a: "A", b: "B" }, "de.json": { a: "Ä" } }[name];
    return texts ? Response.json(texts) : new Response(null, { status: 404 });
  });
  assert.equal(textsOf("de-CH"), undefined);
  const both = await Promise.all([loadTexts("de-CH"), loadTexts("de")]);
  assert.deepEqual(both, [{ a: "Ä", b: "B" }, { a: "Ä", b: "B" }]);
  assert.deepEqual(textsOf("de"), { a: "Ä", b: "B" });
  await loadTexts("xx");
  assert.deepEqual(fetched.sort(), ["de.json", "en.json"]);
});

test("a language that there is no file of becomes the next one", () => {
  const available = ["en", "pt-BR", "zh-Hans", "de"];
  assert.equal(languageFor("de-CH", available), "de");
  assert.equal(languageFor("pt", available), "pt-BR");
  assert.equal(languageFor("zh-Hans", available), "zh-Hans");
  assert.equal(languageFor("zh-Hant", available), "en");
  assert.equal(languageFor("xx", available), "en");
});

test("values and plural forms are filled in", () => {
  const t = translator(EN, "en");
  assert.equal(t("miner.threads", { count: 1 }), "1 thread");
  assert.equal(t("miner.threads", { count: 3 }), "3 threads");
  assert.equal(t("no.such.key"), "no.such.key");
  assert.equal(listed(["a", "{b}"], "en"), "a and {b}");
  assert.equal(t("manager.share.mines", { name: "{count}" }), "{count}");
});

test("figures have a unit that suits them", () => {
  assert.deepEqual(hashrateParts(ENGLISH, 3.25), ["3.3", "H/s"]);
  assert.deepEqual(hashrateParts(ENGLISH, 8720), ["8,720", "H/s"]);
  assert.deepEqual(hashrateParts(ENGLISH, 11_400), ["11.4", "kH/s"]);
  assert.deepEqual(hashrateParts(ENGLISH, 999_900), ["1.00", "MH/s"]);
  assert.deepEqual(powerParts(ENGLISH, 318.4), ["318", "W"]);
  assert.equal(formatNumber({ ...ENGLISH, number_format: "decimal_comma" }, 1.5, 1), "1,5");
});

test("a slider has a mark for each thread, or for round numbers of many", () => {
  assert.deepEqual(threadMarks(0, 4), [0, 1, 2, 3, 4]);
  assert.deepEqual(threadMarks(0, 16), [0, 2, 4, 6, 8, 10, 12, 14, 16]);
  assert.deepEqual(threadMarks(0, 33).at(-1), 33);
  assert.ok(threadMarks(0, 128).length <= 9);
});
