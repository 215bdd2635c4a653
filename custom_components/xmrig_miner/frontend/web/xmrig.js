/** The entry point: registers the cards and the dashboard. */

import { CurveCard } from "./card-curve.js";
import { EventsCard } from "./card-events.js";
import { GpusCard } from "./card-gpus.js";
import { ManagerCard } from "./card-manager.js";
import { MinerCard } from "./card-miner.js";
import { MinersCard } from "./card-miners.js";
import { OverviewCard } from "./card-overview.js";
import { PoolsCard } from "./card-pools.js";
import { XmrigStrategy } from "./strategy.js";
import { loadTexts, translator } from "./texts.js";

const ELEMENTS = {
  "xmrig-overview": OverviewCard,
  "xmrig-manager": ManagerCard,
  "xmrig-miner": MinerCard,
  "xmrig-miners": MinersCard,
  "xmrig-pools": PoolsCard,
  "xmrig-gpus": GpusCard,
  "xmrig-curve": CurveCard,
  "xmrig-events": EventsCard,
  "ll-strategy-dashboard-xmrig": XmrigStrategy,
};

for (const [tag, element] of Object.entries(ELEMENTS)) {
  // A page that was open during an update has those of the version before
  if (!customElements.get(tag)) customElements.define(tag, element);
}

/** @type {any} */
const page = window;
page.customCards ??= [];
page.customStrategies ??= [];

const cards = ["miner", "manager", "overview", "miners"].map((name) => ({
  type: `xmrig-${name}`,
  name: "XMRig",
  description: "",
  preview: name === "miner",
}));
const strategy = { type: "xmrig", strategyType: "dashboard", name: "XMRig", description: "" };
page.customCards.push(...cards);
page.customStrategies.push(strategy);

const language = document.documentElement.lang || "en";
loadTexts(language)
  .then((texts) => {
    const t = translator(texts, language);
    strategy.description = t("strategy.description");
    for (const card of cards) {
      const key = card.type.replace("xmrig-", "card.");
      card.name = t(`${key}.name`);
      card.description = t(`${key}.description`);
    }
  })
  .catch(() => {
    // Each card tries again
  });
