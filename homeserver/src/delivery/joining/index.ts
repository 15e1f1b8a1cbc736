export { actorOf, countLinkUse, usedLinkOf, type UsedLink } from "./link-use.ts";
export { checkMayKnock, takeKnock } from "./knock.ts";
export { createLinkUseStore } from "./link-use-store.sqlite.ts";
export { checkMayAsk, checkMayTry, createOutsiderRates, type OutsiderRates } from "./outsiders.ts";
export type { LinkUseStore } from "./store.ts";
