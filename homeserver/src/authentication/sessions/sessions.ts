import {
  type Bytes,
  type ClientUri,
  type Domain,
  type Env,
  LIMITS,
  toBase64Url,
  userUri,
  type UserUri,
} from "@treehouse/protocol";
import { type Database, errorFields, type Session, type Tx } from "../../platform/index.ts";
import type { AuthenticationStore, StoredSession } from "../store/index.ts";
import { hashToken, looksLikeToken, mintId, mintToken, tokenKey } from "./token.ts";

export type OpenedSession = { readonly token: string; readonly expiresAt: number };

/** A session that is over, by logout, revocation or age. */
export type EndedSession = Pick<Session, "id" | "user" | "client">;

/**
 * The sessions, with the live ones in memory under a bound, so that asking who a token belongs to
 * costs one hash.
 */
export interface Sessions {
  /** Undefined for a token that is unknown, ended or idle for too long. */
  authenticate(token: string): Promise<Session | undefined>;
  open(tx: Tx, holder: SessionHolder): Promise<OpenedSession>;
  /** Answers false when the user has no such session. */
  end(tx: Tx, name: string, id: string): Promise<boolean>;
  /** All of the user's sessions but the one that stays; answers how many. */
  endOthers(tx: Tx, name: string, stays: string | undefined): Promise<number>;
  /** Newest first. */
  list(name: string): Promise<readonly ListedSession[]>;
  /** Deletes some that were idle for too long; answers how many. */
  deleteIdle(limit: number): Promise<number>;
  onEnded(run: (ended: EndedSession) => void): void;
  /** After the commit that began a session. Must not throw. */
  onOpened(run: (user: UserUri) => void): void;
}

export type SessionHolder = {
  readonly name: string;
  readonly client: ClientUri;
  readonly clientName: string | undefined;
};

type ListedSession = Pick<
  StoredSession,
  "id" | "client" | "clientName" | "createdAt" | "usedAt"
> & {
  readonly expiresAt: number;
};

/** By the hash of the token in base64url: octets of their own would cost five times as much memory. */
type Live = {
  readonly session: Omit<Session, "expiresAt">;
  usedAt: number;
};

export function createSessions(options: {
  readonly env: Pick<Env, "now" | "random" | "log">;
  readonly database: Database;
  readonly store: AuthenticationStore;
  readonly domain: Domain;
}): Sessions {
  const { env, database, store, domain } = options;
  const live = new Map<string, Live>();
  const listeners: ((ended: EndedSession) => void)[] = [];
  const openedListeners: ((user: UserUri) => void)[] = [];

  const forget = (tx: Tx, ended: StoredSession): void => {
    tx.afterCommit(() => {
      live.delete(toBase64Url(ended.tokenHash));
      const { id, client } = ended;
      for (const run of listeners) run({ id, client, user: userUri(domain, ended.name) });
    });
  };

  const load = async (key: string, tokenHash: Bytes): Promise<Live | undefined> =>
    // The cache is filled inside the read, which no commit can overtake: a session revoked
    // meanwhile is either not found here or removed from the cache afterwards.
    database.read(async (tx) => {
      const stored = await store.session(tx, tokenHash);
      if (!stored || isIdle(stored.usedAt, env.now())) return undefined;
      const account = await store.account(tx, stored.name);
      if (!account) return undefined;
      const { id, client, usedAt } = stored;
      const user = userUri(domain, stored.name);
      const loaded = { usedAt, session: { id, user, client, admin: account.admin } };
      remember(live, key, loaded);
      return loaded;
    });

  const touch = async (tokenHash: Bytes, { usedAt }: Live): Promise<void> => {
    try {
      await database.transaction((tx) => store.touchSession(tx, tokenHash, usedAt));
    } catch (error) {
      // The session goes on; at worst it ends an hour early. A full disk must not lock users out.
      env.log.warn("sessionNotTouched", errorFields(error));
    }
  };

  /** Ends those used longest ago, so that a login is never refused for old ones left behind. */
  const makeRoom = async (tx: Tx, name: string): Promise<void> => {
    const open = [...(await store.sessionsOf(tx, name))].sort((a, b) => b.usedAt - a.usedAt);
    for (const surplus of open.slice(LIMITS.sessionsPerUserMax - 1)) {
      const ended = await store.deleteSession(tx, name, surplus.id);
      if (ended) forget(tx, ended);
    }
  };

  return {
    authenticate: async (token) => {
      if (!looksLikeToken(token)) return undefined;
      const key = tokenKey(token);
      const cached = live.get(key);
      if (cached) remember(live, key, cached);
      const found = cached ?? (await load(key, hashToken(token)));
      const now = env.now();
      if (!found || isIdle(found.usedAt, now)) return undefined;
      if (now - found.usedAt >= LIMITS.sessionTouchMs) {
        found.usedAt = now;
        void touch(hashToken(token), found);
      }
      return { ...found.session, expiresAt: found.usedAt + LIMITS.sessionIdleMs };
    },
    open: async (tx, { name, client, clientName }) => {
      await makeRoom(tx, name);
      const { text, hash } = mintToken(env);
      const now = env.now();
      const id = mintId(env);
      await store.insertSession(tx, {
        tokenHash: hash,
        id,
        name,
        client,
        clientName,
        createdAt: now,
        usedAt: now,
      });
      tx.afterCommit(() => {
        for (const run of openedListeners) run(userUri(domain, name));
      });
      return { token: text, expiresAt: now + LIMITS.sessionIdleMs };
    },
    end: async (tx, name, id) => {
      const ended = await store.deleteSession(tx, name, id);
      if (ended) forget(tx, ended);
      return ended !== undefined;
    },
    endOthers: async (tx, name, stays) => {
      const others = (await store.sessionsOf(tx, name)).filter(({ id }) => id !== stays);
      for (const { id } of others) {
        const ended = await store.deleteSession(tx, name, id);
        if (ended) forget(tx, ended);
      }
      return others.length;
    },
    list: async (name) => {
      const now = env.now();
      const stored = await database.read((tx) => store.sessionsOf(tx, name));
      return (
        stored
          // The time of use is written behind the answers; memory may know better.
          .map((each) => ({
            ...each,
            usedAt: live.get(toBase64Url(each.tokenHash))?.usedAt ?? each.usedAt,
          }))
          .filter(({ usedAt }) => !isIdle(usedAt, now))
          .map(({ id, client, clientName, createdAt, usedAt }) => ({
            id,
            client,
            clientName,
            createdAt,
            usedAt,
            expiresAt: usedAt + LIMITS.sessionIdleMs,
          }))
      );
    },
    deleteIdle: (limit) =>
      database.transaction(
        async (tx) => {
          const usedBefore = env.now() - LIMITS.sessionIdleMs;
          const idle = await store.deleteIdleSessions(tx, usedBefore, limit);
          for (const ended of idle) forget(tx, ended);
          return idle.length;
        },
        { frees: true },
      ),
    onEnded: (run) => {
      listeners.push(run);
    },
    onOpened: (run) => {
      openedListeners.push(run);
    },
  };
}

function isIdle(usedAt: number, now: number): boolean {
  return now - usedAt >= LIMITS.sessionIdleMs;
}

/** Puts an entry last in the order of eviction. */
function remember(live: Map<string, Live>, key: string, entry: Live): void {
  live.delete(key);
  live.set(key, entry);
  if (live.size <= LIMITS.sessionsCachedMax) return;
  for (const eldest of live.keys()) {
    live.delete(eldest);
    return;
  }
}
