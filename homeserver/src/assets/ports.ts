import type { Bytes, Domain, EndpointName, RoomUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx } from "../platform/index.ts";

/** Who is in which room; `delivery` meets it. */
export interface Rooms {
  /** Whether a user, or any user of a server, is in a room as far as this server knows. */
  isIn(tx: ReadTx, room: RoomUri, who: Acquaintance): Promise<boolean>;
}

/** The way to other servers; `federation` meets it. */
export interface Peers {
  /**
   * Sends a signed request and resolves with the body of the answer. Refuses what the server refused
   * if that is about the request itself, `peerDenied`, and otherwise `peerUnreachable`.
   */
  ask(
    domain: Domain,
    question: {
      readonly endpoint: EndpointName;
      readonly body: Uint8Array;
      readonly answerBytesMax: number;
    },
  ): Promise<Bytes>;
}
