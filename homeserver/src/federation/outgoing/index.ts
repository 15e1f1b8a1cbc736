/** One durable stream to each peer: what is put into it, when it is sent, and what a refusal means. */
export { Flight } from "./flight.ts";
export { createFloors, type Floors } from "./floors.ts";
export { isPointer, type OutboxItem } from "./item.ts";
export { createOutbox, type Outbox } from "./outbox.ts";
export { type Line, PeerTable } from "./peer-table.ts";
export { Reach, type ReachState } from "./reach.ts";
export type { PeerStream } from "./stream.ts";
