/** How a room begins anew with another group, under its name and with its log (FED-1131). */
export { beginAnew, type GenerationUpload } from "./begin-anew.ts";
export { answerClaim } from "./claims.ts";
export { hubWanted, isElsewhere } from "./hub-wanted.ts";
export { createSuccessions } from "./successions.ts";
export { takeUp } from "./take-up.ts";
