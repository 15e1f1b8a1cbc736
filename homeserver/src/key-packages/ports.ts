import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";

/** Who may fetch whose KeyPackages; `authentication` meets it. */
export interface Consent {
  /**
   * Of a target of this server. A block is `notGiven`. As much is read whatever the answer, also for
   * an unknown target.
   */
  mayClaim(
    tx: ReadTx,
    question: {
      readonly requester: UserUri;
      readonly target: UserUri;
      readonly room: RoomUri | undefined;
    },
  ): Promise<"given" | "notGiven" | "hidden">;
}

/** Users of other servers; `federation` meets it. Refuses `peerUnreachable` and `peerDenied`. */
export interface RemoteUsers {
  /** A user's `SignedClientList` and the keys that countersign it; undefined: no such user. */
  find(
    user: UserUri,
    options?: { readonly fresh?: boolean },
  ): Promise<
    | {
        readonly clientList: Bytes;
        readonly countersigners: readonly { readonly kid: string; readonly key: Bytes }[];
      }
    | undefined
  >;
  /** Hands a `KeyMaterialRequest` on as it is; answers the `KeyMaterialResponse`. */
  claim(user: UserUri, room: RoomUri | undefined, request: Bytes): Promise<Bytes>;
}
