/**
 * KeyPackages lets a user be added to a room while all of her clients are offline.
 *
 * It keeps, per client, a stock of KeyPackages (RFC 9420 §10) and to whom each was handed out. It
 * promises: only what the client itself uploaded, valid and of the identity this server vouches
 * for, enters the stock; an ordinary KeyPackage is handed out to one asker and never again, however
 * many ask at once; the last-resort one only when no ordinary one fits; none that is about to
 * expire. What was handed out is remembered until it expires.
 */
import { RATE_LIMITS } from "@treehouse/protocol";
import type { Bytes, ClientUri, Env } from "@treehouse/protocol";
import type { PublicContext } from "@treehouse/mls/public";
import { createRateLimiter, migrationsOf } from "../platform/index.ts";
import type { Database, Jobs, RateLimiter, ReadTx, Route, Session, Tx } from "../platform/index.ts";
import { answerKeyMaterial } from "./answer-key-material.ts";
import { claim, usableUntil } from "./claim.ts";
import type { Claim } from "./claim.ts";
import type { Clients } from "./clients.ts";
import type { ClientKeyMaterial } from "@treehouse/protocol";
import type { KeyPackagesContext } from "./context.ts";
import { keyPackageRoutes } from "./routes.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import type { Receiver, Stock } from "./store.ts";
import { upload } from "./upload.ts";
import type { Uploaded } from "./upload.ts";

export const keyPackagesMigrations = migrationsOf("key-packages");

export type KeyPackagesOptions = {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly jobs: Pick<Jobs, "every">;
  readonly clients: Clients;
  readonly crypto: PublicContext["crypto"];
};

export interface KeyPackages {
  readonly routes: readonly Route[];
  /** The body of `POST /v1/key-packages`, by its rules; see `upload.ts`. */
  upload(session: Session, body: Bytes): Promise<Uploaded>;
  /** The body of `POST /v1/key-material`, by its rules; see `answer-key-material.ts`. */
  answer(session: Session, body: Bytes): Promise<Bytes>;
  /**
   * One KeyPackage of each client of the target, without rate and signature: the caller has
   * authenticated the requester. Undefined when there is no such user here.
   */
  claim(tx: Tx, asked: Claim): Promise<readonly ClientKeyMaterial[] | undefined>;
  /** What could be handed out now. */
  stock(tx: ReadTx, client: ClientUri): Promise<Stock>;
  /** Everybody who was given this KeyPackage, until it expires; by requester and room. */
  receivers(tx: ReadTx, ref: Bytes): Promise<readonly Receiver[]>;
  /**
   * The database was put back from a backup. What was in stock then may have been handed out since:
   * none of it is again, and clients bring new ones when they find their stock empty.
   */
  restored(tx: Tx, life: { readonly at: number }): Promise<void>;
  /** Forgets everything of a client that is removed. */
  deleteOf(tx: Tx, client: ClientUri): Promise<void>;
}

const EXPIRY_INTERVAL_MS = 3_600_000;
const EXPIRED_PER_TRANSACTION = 500;

export function createKeyPackages(options: KeyPackagesOptions): KeyPackages {
  const { env, database, clients, crypto } = options;
  const store = createSqliteStore(database);
  const limit = (
    name: "claimPerUser" | "claimPerPair" | "keyPackageUploadPerClient",
  ): RateLimiter => createRateLimiter(env, RATE_LIMITS[name], name);
  const context: KeyPackagesContext = {
    env,
    database,
    store,
    clients,
    crypto,
    limits: {
      claimPerUser: limit("claimPerUser"),
      claimPerPair: limit("claimPerPair"),
      keyPackageUploadPerClient: limit("keyPackageUploadPerClient"),
    },
  };
  options.jobs.every("expireKeyPackages", EXPIRY_INTERVAL_MS, () => expire(context));

  return {
    routes: keyPackageRoutes(context),
    upload: (session, body) => upload(context, session, body),
    answer: (session, body) => answerKeyMaterial(context, session, body),
    claim: (tx, asked) => claim(store, clients, tx, asked),
    stock: (tx, client) => store.stock(tx, client, usableUntil(env.now())),
    receivers: (tx, ref) => store.receivers(tx, ref),
    restored: (tx, { at }) => store.purge(tx, at),
    deleteOf: (tx, client) => store.deleteOf(tx, client),
  };
}

/** In short transactions, so that nobody waits for a long one. */
async function expire({ database, env, store }: KeyPackagesContext): Promise<void> {
  const deleteSome = (): Promise<number> =>
    database.transaction((tx) => store.deleteExpired(tx, env.now(), EXPIRED_PER_TRANSACTION), {
      frees: true,
    });
  while ((await deleteSome()) > 0);
}
