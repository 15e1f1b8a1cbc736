import { Refusal } from "@treehouse/protocol";
import type { ConsentEntry, Domain } from "@treehouse/protocol";
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
   * effect, behind all that were added before. Refuses with `peerDenied` what a user asks for or
   * gives; everything else is taken, and waits for as long as the peer cannot be turned to.
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

  /** FED-917: to take back what was asked or given is nobody's to forbid. */
  function checkWord(domain: Domain, { operation }: ConsentEntry): void {
    if (operation === "cancel" || operation === "revoke") return;
    try {
      peers.admit(domain);
    } catch (error) {
      // FED-934: what else stands between the servers is not the user's affair, and may pass.
      if (!(error instanceof Refusal) || error.code === "peerDenied") throw error;
    }
  }

  return {
    async add(tx, domain, item) {
      if (domain === context.domain) throw new Assertion("A server sends nothing to itself.");
      if (item.kind === "consent") checkWord(domain, item.entry);
      const { stream, pump } = lines.get(domain) ?? (await open(tx, domain));
      await appendItem(context, tx, stream, bodyOf(item), () => pump.wake());
    },
  };
}
