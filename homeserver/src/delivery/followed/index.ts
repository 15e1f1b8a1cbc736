/** Rooms that are hosted elsewhere: what their hubs send, and what own clients want of them. */
export { createBackfill } from "./backfill.ts";
export type { FollowedRooms } from "./followed-rooms.ts";
export { createFollowedCache } from "./cache.ts";
export type { FollowedContext } from "./context.ts";
export { inFittingPages } from "./fitting-pages.ts";
export { finishBatch } from "./finish.ts";
export { forwarding, hubOf } from "./forward.ts";
export { termOf } from "./place.ts";
export { itemAt, prepareBatch, type PreparedBatch } from "./prepare.ts";
export { receiveEphemeral } from "./receive-ephemeral.ts";
export { receiveEntry, type Verdict } from "./receive.ts";
export { reportUnseen } from "./report-unseen.ts";
export type { FollowedRoom } from "./room.ts";
export { createStops, type Stops } from "./stops.ts";
export { createFollowedStore } from "./store.sqlite.ts";
export type { FollowedStore } from "./store.ts";
export { thawRoom } from "./thaw.ts";
