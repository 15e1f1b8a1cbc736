import type { Domain } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { Tx } from "../platform/index.ts";
import { appendItem } from "./append.ts";
import type { FederationContext } from "./context.ts";
import { bodyOf } from "./item.ts";
import type { OutboxItem } from "./item.ts";
import type { Line, PeerTable } from "./peer-table.ts";

/** What is sent to other servers. */
export interface Outbox {
  /**
   * Adds an item to the stream to a peer, durable with the transaction: it reaches the peer once in
   * effect, behind all that were added before. Refuses `peerDenied` and `peerLimited` for what a
   * user asks for; entries of rooms are taken, and wait until the rules have changed.
   */
  add(tx: Tx, peer: Domain, item: OutboxItem): Promise<void>;
}

export function createOutbox(context: FederationContext, lines: PeerTable): Outbox {
  const { store, env, peers } = context;

  async function open(tx: Tx, domain: Domain): Promise<Line> {
    const known = await store.peer(tx, domain);
    const line = lines.adopt(known ?? (await store.createPeer(tx, domain, env.random(16))));
    tx.afterRollback(() => lines.forget(line));
    return line;
  }

  return {
    async add(tx, domain, item) {
      if (domain === context.domain) throw new Assertion("A server sends nothing to itself.");
      if (item.kind === "consent") peers.admit(domain);
      const { stream, pump } = lines.get(domain) ?? (await open(tx, domain));
      await appendItem(context, tx, stream, bodyOf(item), () => pump.wake());
    },
  };
}
