import type { Bytes, Domain, HubOffer, Leaver, RoomTemplate, RoomUri } from "@treehouse/protocol";
import type { Caller } from "./ports.ts";
import type { ReservedRoom } from "./founding/index.ts";
import type { RoomOfUser } from "./store/index.ts";

/**
 * What clients can do with rooms hosted here. Requests and answers are encoded structs of the
 * delivery path. What is not accepted is a `Refusal`, and then nothing has changed.
 */
export interface Operations {
  /** Names a new room, for one hour. */
  reserve(caller: Caller, template: RoomTemplate): Promise<ReservedRoom>;
  /** `FoundRoomRequest` → `FoundRoomResponse`; the same bytes again, the same answer. */
  found(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  /** `UpdateRequest` → `UpdateRoomResponse`; the same bytes again, the same answer. */
  update(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  /**
   * `SubmitMessageRequest` → `SubmitMessageResponse`; the same bytes again, the same answer. The
   * request must be left alone until the answer.
   */
  submit(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  /** Answers the leaves that will be removed; by default all of the caller's user. Idempotent. */
  leave(caller: Caller, room: RoomUri, leaver?: Leaver): Promise<readonly number[]>;
  /** → `TreeResponse`. */
  tree(caller: Caller, room: RoomUri, epoch: number): Promise<Bytes>;
  /** `GroupInfoRequest` → `GroupInfoResponse`. */
  groupInfo(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  /** The word of a server that it takes the room over. */
  hubOffer(caller: Caller, room: RoomUri, hub: Domain): Promise<HubOffer>;
  /** In the order of their names. */
  rooms(caller: Caller): Promise<readonly RoomOfUser[]>;
}
