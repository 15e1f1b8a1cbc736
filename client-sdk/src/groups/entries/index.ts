/** What room streams and the inbox bring: applied once, and in order. */
export type { Applied } from "./apply-entry.ts";
export { applyContained } from "./apply-contained.ts";
export { entriesOf } from "./entries-of.ts";
export { applyGap, type RoomGap } from "./apply-gap.ts";
export { applyInboxEntry } from "./apply-inbox-entry.ts";
export { applyInboxGap } from "./apply-inbox-gap.ts";
export { repeatSoon } from "./repeat-for-returned.ts";
