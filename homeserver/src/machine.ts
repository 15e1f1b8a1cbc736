import type { PublicContext } from "@treehouse/mls/public";
import type { Bytes, Env } from "@treehouse/protocol";
import type { OutboundClient } from "./peers/index.ts";
import type { DatabaseEngine, Listener } from "./platform/index.ts";

/**
 * What a homeserver uses of its machine besides `Env`: files of databases, a port that others
 * connect to, connections to other servers, and cryptography. Given as one, because a simulated server has
 * nothing of the real one.
 */
export interface Machine {
  readonly engine: DatabaseEngine;
  readonly listener: Listener;
  outbound(env: Env): OutboundClient;
  /** The arithmetic below keys, signatures and MLS. */
  crypto(random: (length: number) => Bytes): PublicContext["crypto"];
}
