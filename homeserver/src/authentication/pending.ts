export { createPending } from "../platform/index.ts";
export type { Pending } from "../platform/index.ts";
