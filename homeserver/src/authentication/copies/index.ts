/** Which copy of a client's store speaks for it. */
export { createStoreMarks } from "./store.sqlite.ts";
export type { StoreMarks } from "./store.ts";
export { type StoreClaim, type StoreTaken, takeStore } from "./take-store.ts";
