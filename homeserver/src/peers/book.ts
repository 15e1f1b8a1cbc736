import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { NonceWindow } from "./nonce-window.ts";
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
  /** Stores how far ahead the server's signatures went; it is known from then on. */
  noteSigned(state: PeerState, signedUntil: number): Promise<void>;
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
  /** Servers with which this one has something to do, which are never forgotten either. */
  readonly partners: () => Promise<ReadonlySet<Domain>>;
  readonly stored: readonly StoredPeer[];
  /** How many servers are known at most; the limit of that name unless it is given. */
  readonly peersMax?: number;
}

const contactsPerTransaction = 200;
/** How old what is known of the partners may be when somebody has to make room. */
const partnersKeptMs = 10_000;
const fullRetryAfterMs = 60_000;

export function createPeerBook(options: PeerBookOptions): PeerBook {
  const { env, database, store, hasRule, partners, peersMax = LIMITS.peersMax } = options;
  const known = new Map<Domain, PeerState>();
  /** In the order of their last use, the oldest first. */
  const strangers = new Map<Domain, PeerState>();
  /** Servers that are being stored, and those that make room for them. */
  const arriving = new Set<Domain>();
  const leaving = new Set<Domain>();
  /** Nonces of servers that were forgotten, for as long as they matter. */
  const departed = new Map<Domain, NonceWindow>();
  let partnersRead: { readonly at: number; readonly domains: ReadonlySet<Domain> } | undefined;
  const at = () => ({ now: env.now(), monotonic: env.monotonic() });
  for (const record of options.stored) {
    const state = newPeerState(record.domain, at());
    const { signedUntil: signedBefore = 0 } = record;
    const stored = { record, known: true, isOfFormerLife: true, signedBefore };
    known.set(record.domain, { ...state, ...stored });
  }

  function stranger(domain: Domain): PeerState {
    const state = strangers.get(domain) ?? newPeerState(domain, at());
    state.nonces ??= departed.get(domain);
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

  async function partnersNow(): Promise<ReadonlySet<Domain>> {
    const now = env.monotonic();
    if (partnersRead === undefined || now - partnersRead.at > partnersKeptMs) {
      partnersRead = { at: now, domains: await partners() };
    }
    return partnersRead.domains;
  }

  /**
   * Who makes room when there are too many: one with which there is nothing to do, of the family of
   * which there are most. Subdomains cost nothing: whoever brings ten thousand makes its own leave.
   */
  async function makeRoom(): Promise<PeerState> {
    const kept = await partnersNow();
    const candidates = [...known.values()].filter(
      ({ domain, active }) =>
        active === 0 && !leaving.has(domain) && !kept.has(domain) && !hasRule(domain),
    );
    let found: PeerState | undefined;
    let largest = 0;
    for (const family of Map.groupBy(candidates, familyOf).values()) {
      if (family.length < largest) continue;
      if (family.length > largest) found = undefined;
      largest = family.length;
      for (const state of family) {
        if (found === undefined || rankOf(state) < rankOf(found)) found = state;
      }
    }
    if (found !== undefined) {
      leaving.add(found.domain);
      return found;
    }
    throw new Refusal("unavailable", "This server knows no more servers now.", {
      retryAfterMs: fullRetryAfterMs,
      limitName: "peersMax",
      limit: peersMax,
    });
  }

  /** What it has signed lately stays refused (FED-910). */
  function forget(state: PeerState): void {
    known.delete(state.domain);
    if (state.nonces?.idle() === false) departed.set(state.domain, state.nonces);
  }

  async function save(state: PeerState, record: StoredPeer): Promise<void> {
    const arrives = !state.known && !arriving.has(state.domain);
    const isFull = arrives && known.size + arriving.size - leaving.size >= peersMax;
    if (arrives) arriving.add(state.domain);
    let gone: PeerState | undefined;
    try {
      if (isFull) gone = await makeRoom();
      await database.transaction(async (tx) => {
        if (gone !== undefined) await store.deletePeer(tx, gone.domain);
        await store.savePeer(tx, record);
        tx.afterCommit(() => {
          if (gone !== undefined) forget(gone);
          arriving.delete(state.domain);
          strangers.delete(state.domain);
          known.set(state.domain, state);
          // Contacts go on while this is written.
          const { inboundAt, outboundAt, signedUntil } = state.record;
          state.record = { ...record, inboundAt, outboundAt, signedUntil };
          state.known = true;
        });
      });
    } finally {
      if (gone !== undefined) leaving.delete(gone.domain);
      if (arrives) arriving.delete(state.domain);
    }
  }

  return {
    known: (domain) => known.get(domain),
    find(domain) {
      const state = known.get(domain) ?? stranger(domain);
      state.usedAt = env.monotonic();
      return state;
    },
    all: () => [...known.values()],
    save,
    async noteSigned(state, signedUntil) {
      if (!state.known) await save(state, state.record);
      await database.transaction(async (tx) => {
        await store.noteSigned(tx, state.domain, signedUntil);
        tx.afterCommit(() => {
          state.record = { ...state.record, signedUntil };
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
      for (const [domain, nonces] of departed) if (nonces.idle()) departed.delete(domain);
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

/** Who owns a name owns all names below it. Where the last label is not all that is sold, it is too many. */
function familyOf({ domain }: PeerState): string {
  return domain.split(".").slice(-2).join(".");
}

/** Who only came by itself leaves first, then who was in contact the longest time ago; a frozen one last. */
function rankOf({ record }: PeerState): number {
  const { inboundAt = 0, outboundAt, frozenAt } = record;
  const rank = (frozenAt === undefined ? 0 : 2) + (outboundAt === undefined ? 0 : 1);
  return rank * 1e15 + Math.max(inboundAt, outboundAt ?? 0);
}
