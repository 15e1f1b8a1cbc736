import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { newPeerState } from "./peer-state.ts";
import type { PeerState } from "./peer-state.ts";
import type { PeerStore, StoredPeer } from "./store.ts";

/** Which other servers there are. */
export interface PeerBook {
  /** The server if it is known; looking costs nothing. */
  known(domain: Domain): PeerState | undefined;
  /** The server, or a place for it among the strangers, of whom only so many are remembered. */
  find(domain: Domain): PeerState;
  /** Those that are known. */
  all(): readonly PeerState[];
  /** Stores what has become of a server; it is known from then on. */
  save(state: PeerState, record: StoredPeer): Promise<void>;
  /** Notes a contact; written later, by `writeContacts`. */
  touch(state: PeerState, contact: "inbound" | "outbound"): void;
  writeContacts(): Promise<void>;
  /** Drops from memory what is out of date. */
  sweep(): void;
}

interface PeerBookOptions {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly store: PeerStore;
  /** Whether the operator has a rule about a server: such a one is never forgotten. */
  readonly hasRule: (domain: Domain) => boolean;
  readonly stored: readonly StoredPeer[];
  /** How many servers are known at most; the limit of that name unless it is given. */
  readonly peersMax?: number;
}

const contactsPerTransaction = 200;

export function createPeerBook(options: PeerBookOptions): PeerBook {
  const { env, database, store, hasRule, peersMax = LIMITS.peersMax } = options;
  const known = new Map<Domain, PeerState>();
  /** In the order of their last use, the oldest first. */
  const strangers = new Map<Domain, PeerState>();
  const at = () => ({ now: env.now(), monotonic: env.monotonic() });
  for (const record of options.stored) {
    known.set(record.domain, { ...newPeerState(record.domain, at()), record, known: true });
  }

  function stranger(domain: Domain): PeerState {
    const state = strangers.get(domain) ?? newPeerState(domain, at());
    strangers.delete(domain);
    if (strangers.size >= LIMITS.strangersMax) forgetStranger();
    strangers.set(domain, state);
    return state;
  }

  /** Whoever floods us with names makes us forget names that nobody proved, and nothing else. */
  function forgetStranger(): void {
    for (const [domain, { fetching, active }] of strangers) {
      if (fetching !== undefined || active > 0) continue;
      strangers.delete(domain);
      return;
    }
    throw new Refusal("rateLimited", "Too many unknown servers ask at once.", {
      retryAfterMs: 1_000,
      limitName: "strangersMax",
      limit: LIMITS.strangersMax,
    });
  }

  /**
   * Who makes room when there are too many: the server that was in contact the longest time ago,
   * those that only came by themselves first. Without a rule, and not in use just now.
   */
  function superfluous(): PeerState | undefined {
    const rank = ({ record }: PeerState): number =>
      Math.max(record.inboundAt ?? 0, record.outboundAt ?? 0) +
      (record.outboundAt === undefined ? 0 : 1e15);
    let found: PeerState | undefined;
    for (const state of known.values()) {
      if (state.active > 0 || state.record.frozenAt !== undefined) continue;
      if (state.nonces?.idle() === false || hasRule(state.domain)) continue;
      if (found === undefined || rank(state) < rank(found)) found = state;
    }
    return found;
  }

  return {
    known: (domain) => known.get(domain),
    find(domain) {
      const state = known.get(domain) ?? stranger(domain);
      state.usedAt = env.monotonic();
      return state;
    },
    all: () => [...known.values()],
    async save(state, record) {
      const leaving = !state.known && known.size >= peersMax ? superfluous() : undefined;
      if (!state.known && known.size >= peersMax && leaving === undefined) {
        throw new Refusal("limitExceeded", "This server knows no more servers.", {
          limitName: "peersMax",
          limit: peersMax,
        });
      }
      await database.transaction(async (tx) => {
        if (leaving !== undefined) await store.deletePeer(tx, leaving.domain);
        await store.savePeer(tx, record);
        tx.afterCommit(() => {
          if (leaving !== undefined) known.delete(leaving.domain);
          strangers.delete(state.domain);
          known.set(state.domain, state);
          // Contacts go on while this is written.
          const { inboundAt, outboundAt } = state.record;
          state.record = { ...record, inboundAt, outboundAt };
          state.known = true;
        });
      });
    },
    touch(state, contact) {
      const now = env.now();
      state.record = { ...state.record, [`${contact}At`]: now };
      state.touched = true;
    },
    async writeContacts() {
      const touched = [...known.values()].filter((state) => state.touched);
      for (let from = 0; from < touched.length; from += contactsPerTransaction) {
        const some = touched.slice(from, from + contactsPerTransaction);
        const contacts = some.map(({ record }) => record);
        for (const state of some) state.touched = false;
        await database.transaction(async (tx) => {
          for (const contact of contacts) await store.touch(tx, contact);
        });
      }
    },
    sweep() {
      const now = env.monotonic();
      for (const [domain, state] of strangers) {
        const idle = state.fetching === undefined && state.active === 0;
        if (idle && now - state.usedAt > LIMITS.strangerKeptMs) strangers.delete(domain);
      }
      for (const state of known.values()) {
        if (state.nonces?.idle() === true) state.nonces = undefined;
        const { directory } = state;
        if (directory !== undefined && now - state.usedAt > 2 * LIMITS.directoryKeptMs) {
          state.directory = undefined;
        }
      }
    },
  };
}
