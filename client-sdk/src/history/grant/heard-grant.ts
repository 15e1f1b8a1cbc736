import {
  type HistoryGrant,
  historyGrantCodec,
  type RoomUri,
  struct,
  type UserUri,
  userUriCodec,
} from "@treehouse/protocol";

/** What somebody has sent for newcomers, by the word of MLS about who that is. */
export type HeardGrant = { readonly user: UserUri; readonly grant: HistoryGrant };

/** The same with the room in which it was said. */
export type Heard = HeardGrant & { readonly room: RoomUri };

/** As it waits in the store until it is looked at. */
export const heardCodec = struct<HeardGrant>({ user: userUriCodec, grant: historyGrantCodec });
