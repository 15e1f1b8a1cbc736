/** What is kept of rooms. */
export { insertProposals, setHead } from "./group-store.sqlite.ts";
export { epochOf, tablesOfRoom } from "./room-store.sqlite.ts";
export { createSqliteStore } from "./store.sqlite.ts";
export type {
  DeliveryStore,
  EpochChange,
  EpochStart,
  LogPoint,
  NewRoom,
  PeerRange,
  Reservation,
  RestoredStore,
  Revocation,
  RoomOfUser,
  StoredEpoch,
  StoredHead,
  StoredMember,
  StoredProposal,
  StoredRoom,
  StoredTree,
  TermBounds,
} from "./store.ts";
export { nodesAt } from "./tree-store.sqlite.ts";
