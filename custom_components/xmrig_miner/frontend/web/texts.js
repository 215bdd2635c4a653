/** Texts of the module in the user's language, and numbers as they are written there. */

/** @import { Hass, Translate } from "./types.js" */

/** @typedef {string | Record<string, string>} Text a text, or one for each plural form */
/** @typedef {Record<string, Text>} Texts */

/** Languages that there is a file of. */
export const LANGUAGES = ["cs", "da", "de", "en", "es", "fr", "it", "ja", "nb", "nl", "pl", "pt-BR", "ru", "sv", "uk", "zh-Hans"];

/** @type {Map<string, Promise<Texts>>} */
const loading = new Map();

/** @type {Map<string, Texts>} */
const loaded = new Map();

/**
 * Return the language to show for one that the user chose: itself, the one that it is a
 * variant of, or English.
 *
 * @param {string} language
 * @param {readonly string[]} [available]
 */
export function languageFor(language, available = LANGUAGES) {
  const [base] = language.split("-", 1);
  const exact = available.find((name) => name.toLowerCase() === language.toLowerCase());
  return exact ?? available.find((name) => name === base) ??
    available.find((name) => name.split("-", 1)[0] === language) ?? "en";
}

/**
 * Load the texts of a language, once.
 *
 * @param {string} language
 * @returns {Promise<Texts>}
 */
export function loadTexts(language) {
  const name = languageFor(language);
  const known = loading.get(name);
  if (known) return known;
  const request = (name === "en" ? fetchTexts(name) : translated(name)).then((texts) => {
    loaded.set(name, texts);
    return texts;
  });
  loading.set(name, request);
  request.catch(() => loading.delete(name));
  return request;
}

/**
 * Return the texts of a language over those in English, which fill in for what is missing.
 *
 * @param {string} name
 * @returns {Promise<Texts>}
 */
async function translated(name) {
  const [english, texts] = await Promise.all([loadTexts("en"), fetchTexts(name).catch(() => ({}))]);
  return { ...english, ...texts };
}

/** @param {string} name @returns {Promise<Texts>} */
async function fetchTexts(name) {
  const response = await fetch(new URL(`translations/${name}.json`, import.meta.url));
  if (!response.ok) throw new Error(`The texts in ${name} could not be loaded`);
  return response.json();
}

/**
 * Return the texts of a language if they are loaded already.
 *
 * @param {string} language
 */
export const textsOf = (language) => loaded.get(languageFor(language));

/**
 * Return a function that translates keys. Of a text with plural forms, it takes the one
 * for the value `count`.
 *
 * @param {Texts} texts
 * @param {string} language
 * @returns {Translate}
 */
export function translator(texts, language) {
  const plurals = new Intl.PluralRules(languageFor(language));
  /** @type {Translate} */
  const translate = (key, values = {}) => {
    const found = texts[key];
    if (found === undefined) return key;
    const text =
      typeof found === "string"
        ? found
        : (found[plurals.select(Number(values.count))] ?? found.other ?? key);
    return text.replace(/\{(\w+)\}/g, (all, name) => {
      const value = values[name];
      if (value === undefined) return all;
      return typeof value === "object" ? translate(value.key, value.values) : String(value);
    });
  };
  return translate;
}

/**
 * Return texts as a list, as in "a, b and c".
 *
 * @param {readonly string[]} texts
 * @param {string} language
 */
export const listed = (texts, language) =>
  new Intl.ListFormat(languageFor(language), { type: "conjunction" }).format(texts);

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * Return the locale of the user's number format.
 *
 * @param {Hass["locale"]} locale
 */
function numberLocale({ language, number_format: format }) {
  /** @type {Record<string, string | undefined>} */
  const locales = {
    comma_decimal: "en-US",
    decimal_comma: "de",
    space_comma: "fr",
    quote_decimal: "de-CH",
    system: undefined,
  };
  return format in locales ? locales[format] : language;
}

/**
 * Return a number as the user writes it.
 *
 * @param {Hass["locale"]} locale
 * @param {number} value
 * @param {number} [decimals] as many, so that a figure does not change its width
 */
export function formatNumber(locale, value, decimals = 0) {
  const name = `${numberLocale(locale)} ${locale.number_format} ${decimals}`;
  const format =
    formats.get(name) ??
    new Intl.NumberFormat(numberLocale(locale), {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: locale.number_format !== "none",
    });
  formats.set(name, format);
  return format.format(value);
}

/**
 * Return a number and a unit that suits its size, with three digits or so.
 *
 * @param {Hass["locale"]} locale
 * @param {number} value
 * @param {string} unit without a prefix
 * @returns {[string, string]}
 */
export function scaled(locale, value, unit) {
  const size = Math.abs(value);
  const [factor, prefix] =
    size >= 999_500_000 ? [1e9, "G"] : size >= 999_500 ? [1e6, "M"] : size >= 9_995 ? [1e3, "k"] : [1, ""];
  const number = value / factor;
  const decimals = factor === 1 ? 0 : Math.abs(number) < 10 ? 2 : Math.abs(number) < 100 ? 1 : 0;
  return [formatNumber(locale, number, decimals), `${prefix}${unit}`];
}

/**
 * Return a hashrate with its unit. One of a few H/s keeps a decimal.
 *
 * @param {Hass["locale"]} locale
 * @param {number} value in H/s
 * @returns {[string, string]}
 */
export function hashrateParts(locale, value) {
  return value > 0 && value < 100
    ? [formatNumber(locale, value, 1), "H/s"]
    : scaled(locale, value, "H/s");
}

/**
 * Return a power with its unit.
 *
 * @param {Hass["locale"]} locale
 * @param {number} value in W
 * @returns {[string, string]}
 */
export const powerParts = (locale, value) => scaled(locale, Math.round(value), "W");

/**
 * Return parts of a figure as one text, which is not to be broken in between.
 *
 * @param {readonly [string, string]} parts
 */
export const joined = ([number, unit]) => `${number}\u00a0${unit}`;

/**
 * Return how the hour of a date is written below a chart.
 *
 * @param {Pick<Hass, "locale" | "config">} hass
 */
export function formatHour({ locale, config }) {
  const timeZone = timeZoneOf(locale, config);
  /** @type {any} */
  const options = { hour: "numeric", minute: "2-digit", timeZone, ...hourCycle(locale) };
  const format = new Intl.DateTimeFormat(locale.language, options);
  return (/** @type {Date} */ date) => format.format(date);
}

/**
 * Return a function for the hour of a date, in the user's time zone.
 *
 * @param {Pick<Hass, "locale" | "config">} hass
 */
export function hourOf({ locale, config }) {
  const timeZone = timeZoneOf(locale, config);
  const format = new Intl.DateTimeFormat("en", { hour: "2-digit", hourCycle: "h23", timeZone });
  return (/** @type {Date} */ date) => Number(format.format(date));
}

/**
 * @param {Hass["locale"]} locale
 * @param {Hass["config"]} config
 */
const timeZoneOf = (locale, config) =>
  locale.time_zone === "server" ? config.time_zone : undefined;

/**
 * Return a time of day, or a date and a time if it is not of today.
 *
 * @param {Hass} hass
 * @param {Date} date
 * @param {Date} [now]
 */
export function formatMoment({ locale, config }, date, now = new Date()) {
  const timeZone = timeZoneOf(locale, config);
  /** @type {Intl.DateTimeFormatOptions} */
  const time = { hour: "numeric", minute: "2-digit", timeZone, ...hourCycle(locale) };
  const language = locale.language;
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone });
  const options =
    day.format(date) === day.format(now) ? time : { ...time, month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language, /** @type {any} */ (options)).format(date);
}

/** @param {Hass["locale"]} locale */
function hourCycle({ time_format: format }) {
  if (format === "24") return { hourCycle: /** @type {const} */ ("h23") };
  return format === "12" ? { hourCycle: /** @type {const} */ ("h12") } : {};
}
