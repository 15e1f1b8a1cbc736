import { type Env, LIMITS, Refusal } from "@treehouse/protocol";
import type { Database, Tx } from "../../platform/index.ts";
import type { AuthenticationStore, StoredInvite } from "../store/index.ts";
import { hashToken, looksLikeToken, mintId, mintToken } from "../sessions/index.ts";

/** Leave to register. The token is known to its holder only; the server keeps its hash. */
export interface Invites {
  create(invite: { uses: number; expiresAt: number | undefined }): Promise<CreatedInvite>;
  /** Newest first. */
  list(): Promise<readonly Invite[]>;
  /** Refuses `notFound`. */
  revoke(id: string): Promise<void>;
  /** Takes one use, in the transaction that creates the account. Refuses `inviteInvalid`. */
  use(tx: Tx, token: string): Promise<{ readonly admin: boolean }>;
  /**
   * The token with which the first administrator registers, while there is none. Each call makes
   * the earlier one void, for nobody can be shown a token of which only the hash is left.
   */
  ensureAdmin(): Promise<string | undefined>;
  /** Deletes some that nobody can use any more; answers how many. */
  deleteSpent(limit: number): Promise<number>;
}

export type Invite = {
  readonly id: string;
  readonly admin: boolean;
  readonly uses: number;
  readonly usesLeft: number;
  readonly expiresAt: number | undefined;
};

type CreatedInvite = Invite & { readonly token: string };

const INVITES_LISTED_MAX = 1_000;

export function createInvites(options: {
  readonly env: Pick<Env, "now" | "random">;
  readonly database: Database;
  readonly store: AuthenticationStore;
}): Invites {
  const { env, database, store } = options;

  const insert = async (
    tx: Tx,
    { admin, uses, expiresAt }: { admin: boolean; uses: number; expiresAt: number | undefined },
  ): Promise<CreatedInvite> => {
    const { text, hash } = mintToken(env);
    const invite = {
      id: mintId(env),
      tokenHash: hash,
      admin,
      uses,
      usesLeft: uses,
      expiresAt,
      createdAt: env.now(),
    };
    await store.insertInvite(tx, invite);
    return { ...shown(invite), token: text };
  };

  return {
    create: async ({ uses, expiresAt }) => {
      if (uses < 1 || uses > LIMITS.inviteUsesMax) {
        throw new Refusal("limitExceeded", `an invite has 1 to ${LIMITS.inviteUsesMax} uses`, {
          limitName: "inviteUsesMax",
          limit: LIMITS.inviteUsesMax,
        });
      }
      if (expiresAt !== undefined && expiresAt <= env.now()) {
        throw new Refusal("malformed", "the invite would have expired before it is made");
      }
      return database.transaction(async (tx) => {
        if ((await store.countInvites(tx)) >= LIMITS.invitesMax) {
          throw new Refusal("limitExceeded", "there are too many open invites; revoke some", {
            limitName: "invitesMax",
            limit: LIMITS.invitesMax,
          });
        }
        return insert(tx, { admin: false, uses, expiresAt });
      });
    },
    list: async () => {
      const stored = await database.read((tx) => store.invites(tx, INVITES_LISTED_MAX));
      return stored.map(shown);
    },
    revoke: async (id) => {
      const deleted = await database.transaction((tx) => store.deleteInvite(tx, id), {
        frees: true,
      });
      if (!deleted) throw new Refusal("notFound", "there is no such invite");
    },
    use: async (tx, token) => {
      const invite = looksLikeToken(token)
        ? await store.useInvite(tx, hashToken(token), env.now())
        : undefined;
      if (!invite) {
        throw new Refusal("inviteInvalid", "the invite is unknown, used up or expired");
      }
      return { admin: invite.admin };
    },
    ensureAdmin: () =>
      database.transaction(async (tx) => {
        if (await store.adminExists(tx)) return undefined;
        await store.deleteAdminInvites(tx);
        const { token } = await insert(tx, { admin: true, uses: 1, expiresAt: undefined });
        return token;
      }),
    deleteSpent: (limit) =>
      database.transaction((tx) => store.deleteSpentInvites(tx, env.now(), limit), {
        frees: true,
      }),
  };
}

function shown({ id, admin, uses, usesLeft, expiresAt }: StoredInvite): Invite {
  return { id, admin, uses, usesLeft, expiresAt };
}
