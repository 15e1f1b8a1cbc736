import type { MemberContext } from "@treehouse/mls/member";
import type { Bytes, Env, HistoryRoom, RoomUri, UserUri } from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { LocalStore, LocalTx } from "../storage/index.ts";

/** What the operations on history share. */
export type HistoryContext = {
  readonly env: Pick<Env, "now" | "random" | "log">;
  readonly crypto: MemberContext["crypto"];
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly self: UserUri;
  /** Of the account data, from the recovery bundle; absent in a store from before there was any. */
  readonly dataKey: Bytes | undefined;
  /** What the store knows of a room, also of one that this client is no member of. */
  readonly roomOf: (tx: LocalTx, room: RoomUri) => HistoryRoom | undefined;
};
