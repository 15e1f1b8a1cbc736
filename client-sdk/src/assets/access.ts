import type { AssetUri, RoomUri } from "@treehouse/protocol";

/** For whom an asset shall be. */
export type NewAccess =
  /** Everybody in a conversation, at whatever server. */
  | { readonly kind: "room"; readonly room: RoomUri }
  /** Whoever has the link: it will have a secret of its own. */
  | { readonly kind: "bearer" }
  /** The user's own clients. Servers see the name; another asset of that name takes its place. */
  | {
      readonly kind: "own";
      readonly name: string;
      /** What must have the name now: nothing, or this. Whatever it is, unless it is given. */
      readonly replaces?: AssetUri | null | undefined;
    };
