import { LIMITS, Refusal } from "@treehouse/protocol";
import type { ConsentEntry, Domain } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import { appendItem } from "./append.ts";
import type { FederationContext } from "../context.ts";
import { bodyOf } from "./item.ts";
import type { OutboxItem } from "./item.ts";
import type { Line, PeerTable } from "./peer-table.ts";

/** What is sent to other servers. */
export interface Outbox {
  /**
   * Adds an item to the stream to a peer, durable with the transaction: it reaches the peer once in
   * effect, behind all that were added before. Refuses what a user asks for or gives with
   * `peerDenied`, and with `limitExceeded` for one server too many that nobody has reached yet;
   * everything else is taken, and waits for as long as the peer cannot be turned to.
   */
  add(tx: Tx, peer: Domain, item: OutboxItem): Promise<void>;
}

/** FED-917: to take back what was asked or given is nobody's to forbid. */
const takesBack: ReadonlySet<ConsentEntry["operation"]> = new Set(["cancel", "revoke"]);

export function createOutbox(context: FederationContext, lines: PeerTable): Outbox {
  const { store, env, peers } = context;

  async function open(tx: Tx, domain: Domain, isWord: boolean): Promise<Line> {
    const known = await store.peer(tx, domain);
    if (known === undefined && isWord) checkUnreached();
    const line = lines.adopt(known ?? (await store.createPeer(tx, domain, env.random(16))));
    tx.afterRollback(() => lines.forget(line));
    return line;
  }

  /** What stands against a word of a user to a server. */
  function checkWord(domain: Domain): void {
    try {
      peers.admit(domain);
    } catch (error) {
      // FED-934: what else stands between the servers is not the user's affair, and may pass.
      if (!(error instanceof Refusal) || error.code === "peerDenied") throw error;
    }
  }

  /** Whatever a user types may be the name of a server; only so many are looked for. */
  function checkUnreached(): void {
    let unreached = 0;
    for (const { stream } of lines.all()) if (!stream.wasReached) unreached += 1;
    if (unreached < LIMITS.unreachedPeersMax) return;
    throw new Refusal("limitExceeded", "Too many servers have never been reached.", {
      limitName: "unreachedPeersMax",
      limit: LIMITS.unreachedPeersMax,
    });
  }

  return {
    async add(tx, domain, item) {
      if (domain === context.domain) throw new Assertion("A server sends nothing to itself.");
      const isWord = item.kind === "consent" && !takesBack.has(item.entry.operation);
      if (isWord) checkWord(domain);
      const { stream, pump } = lines.get(domain) ?? (await open(tx, domain, isWord));
      await appendItem(context, tx, stream, bodyOf(item), () => pump.wake());
    },
  };
}
