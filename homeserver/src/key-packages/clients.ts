import type { Bytes, ClientUri, UserUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";

/** What this module needs to know about users and their clients. */
export interface Clients {
  /** In the order of their URIs; undefined when there is no such user here. */
  clientsOf(tx: ReadTx, user: UserUri): Promise<readonly ClientUri[] | undefined>;
  /** The key with which the client signs, while it is in its user's client list. */
  clientKey(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
  /** The encoded `LeafIdentity` that the client's leaves carry, as this server countersigned it. */
  leafIdentity(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
}
