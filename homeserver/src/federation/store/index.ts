/** What is kept of streams to and from peers. */
export { createRoomNumbers, type RoomNumbers } from "./rooms.ts";
export { createSqliteStore } from "./store.sqlite.ts";
export type {
  DeadItem,
  FederationStore,
  ItemForm,
  Pointer,
  StoredInbound,
  StoredPeer,
  StoredRow,
} from "./store.ts";
