/** What is kept of rooms. */
export { createGroupStore, insertProposals, setHead } from "./group-store.sqlite.ts";
export { createRoomStore, epochOf, tablesOfRoom } from "./room-store.sqlite.ts";
export type {
  DeliveryStore,
  ReservationStore,
  RequestStore,
  HeadStore,
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
export { createTreeStore, nodesAt } from "./tree-store.sqlite.ts";
export { createCompanionStore } from "./companion-store.sqlite.ts";
export {
  createDepartureStore,
  createPeerStore,
  createPlaceStore,
  createRevocationStore,
} from "./peer-store.sqlite.ts";
