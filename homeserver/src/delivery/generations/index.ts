/** How a room begins anew with another group, under its name and with its log (FED-1131). */
export { beginAnew } from "./begin-anew.ts";
export type { GenerationUpload } from "./begin-anew.ts";
