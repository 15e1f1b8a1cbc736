/**
 * KeyPackages lets a user be added to a room while all of her clients are offline.
 *
 * It keeps, per client, a stock of KeyPackages (RFC 9420 §10) and to whom each was handed out. It
 * promises: only what the client itself uploaded, valid and of the identity this server vouches
 * for, enters the stock; an ordinary KeyPackage is handed out to one asker and never again, however
 * many ask at once, and only to those whom its user lets in; the last-resort one only when no
 * ordinary one fits; none that is about to expire. What was handed out is remembered until it
 * expires. Askers of other servers cannot tell why they get nothing.
 */
import { LIMITS, RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes, ClientUri, Domain, Env, RateRule, UserUri } from "@treehouse/protocol";
import type { PublicContext } from "@treehouse/mls/public";
import { createRateLimiter, migrationsOf } from "../platform/index.ts";
import type {
  Acquaintance,
  Database,
  Jobs,
  RateLimiter,
  ReadTx,
  Route,
  Session,
  Tx,
} from "../platform/index.ts";
import { answerKeyMaterial } from "./answer-key-material.ts";
import { answerPeer } from "./answer-peer.ts";
import type { PeerClaim } from "./answer-peer.ts";
import { createSqliteAnswerStore } from "./answer-store.sqlite.ts";
import { usableUntil } from "./claim.ts";
import type { Clients } from "./clients.ts";
import type { KeyPackagesContext } from "./context.ts";
import type { Consent, RemoteUsers } from "./ports.ts";
import { keyPackageRoutes } from "./routes.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import type { Receiver, Stock } from "./store.ts";
import { createUnkept } from "./unkept.ts";
import { upload } from "./upload.ts";
import type { Uploaded } from "./upload.ts";

export type { PeerClaim } from "./answer-peer.ts";
export type { Consent, RemoteUsers } from "./ports.ts";

export const keyPackagesMigrations = migrationsOf("key-packages");

export type KeyPackagesOptions = {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly jobs: Pick<Jobs, "every">;
  /** The name of this server: for whose users KeyPackages are kept. */
  readonly domain: Domain;
  readonly clients: Clients;
  readonly consent: Consent;
  readonly crypto: PublicContext["crypto"];
  /** In the place of those of the protocol. */
  readonly rates?: Partial<
    Record<"claimPerPair" | "keyPackageUploadPerClient", RateRule | undefined>
  >;
};

export interface KeyPackages {
  readonly routes: readonly Route[];
  /** The body of `POST /v1/key-packages`, by its rules; see `upload.ts`. */
  upload(session: Session, body: Bytes): Promise<Uploaded>;
  /** The body of `POST /v1/key-material`, by its rules; see `answer-key-material.ts`. */
  answer(session: Session, body: Bytes): Promise<Bytes>;
  /** A claim that a peer hands on, by its rules; see `answer-peer.ts`. */
  answerPeer(claim: PeerClaim): Promise<Bytes>;
  /** Names who asks other servers. Without it there are none. */
  connect(neighbours: { readonly users: RemoteUsers }): void;
  /** What could be handed out now. */
  stock(tx: ReadTx, client: ClientUri): Promise<Stock>;
  /** Everybody who was given this KeyPackage, until it expires; by requester and room. */
  receivers(tx: ReadTx, ref: Bytes): Promise<readonly Receiver[]>;
  /**
   * The database was put back from a backup. What was in stock then may have been handed out since:
   * none of it is again, and clients bring new ones when they find their stock empty.
   */
  restored(tx: Tx, life: { readonly at: number }): Promise<void>;
  /** Whether KeyPackages of a user were given to them, or for a room that their server founded. */
  wasHandedTo(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
  /** Forgets everything of a client that is removed. */
  deleteOf(tx: Tx, client: ClientUri): Promise<void>;
  /** Forgets what a client has in stock; it finds its stock empty, and brings new ones. */
  deleteStockOf(tx: Tx, client: ClientUri): Promise<void>;
  /** Forgets a user who is gone: as who was given something, and in answers that are kept. */
  forgetUser(tx: Tx, user: UserUri): Promise<void>;
}

const EXPIRY_INTERVAL_MS = 3_600_000;
const EXPIRED_PER_TRANSACTION = 500;

export function createKeyPackages(options: KeyPackagesOptions): KeyPackages {
  const { env, database, domain, clients, consent, crypto } = options;
  const rates: Partial<Record<string, RateRule>> = options.rates ?? {};
  const store = createSqliteStore(database);
  const answers = createSqliteAnswerStore(database);
  const limit = (name: keyof KeyPackagesContext["limits"]): RateLimiter =>
    createRateLimiter(env, rates[name] ?? RATE_LIMITS[name], name);
  const context: KeyPackagesContext = {
    env,
    database,
    store,
    answers,
    unkept: createUnkept(),
    domain,
    clients,
    consent,
    users: { current: alone },
    crypto,
    limits: {
      claimPerUser: limit("claimPerUser"),
      claimPerPair: limit("claimPerPair"),
      claimPerPeer: limit("claimPerPeer"),
      keyPackageUploadPerClient: limit("keyPackageUploadPerClient"),
    },
  };
  options.jobs.every("expireKeyPackages", EXPIRY_INTERVAL_MS, () => expire(context));

  return {
    routes: keyPackageRoutes(context),
    upload: (session, body) => upload(context, session, body),
    answer: (session, body) => answerKeyMaterial(context, session, body),
    answerPeer: (claim) => answerPeer(context, claim),
    connect: ({ users }) => {
      context.users.current = users;
    },
    stock: (tx, client) => store.stock(tx, client, usableUntil(env.now())),
    receivers: (tx, ref) => store.receivers(tx, ref),
    wasHandedTo: (tx, user, who) => store.wasHandedTo(tx, user, who),
    restored: (tx, { at }) => store.purge(tx, at),
    deleteOf: (tx, client) => store.deleteOf(tx, client),
    deleteStockOf: (tx, client) => store.deleteStockOf(tx, client),
    forgetUser: async (tx, user) => {
      await store.forgetRequester(tx, user);
      await answers.deleteOf(tx, user);
    },
  };
}

/** Of a server that has no peers. */
const alone: RemoteUsers = {
  find: () => Promise.reject(noPeers()),
  claim: () => Promise.reject(noPeers()),
};

function noPeers(): Refusal {
  return new Refusal("peerUnreachable", "this server has no connection to others");
}

/** In short transactions, so that nobody waits for a long one. */
async function expire({ answers, database, env, store }: KeyPackagesContext): Promise<void> {
  const deleteSome = (): Promise<number> =>
    database.transaction(
      async (tx) => {
        const now = env.now();
        const packages = await store.deleteExpired(tx, now, EXPIRED_PER_TRANSACTION);
        const keptBefore = now - LIMITS.transactionKeptMs;
        const kept = await answers.deleteKeptBefore(tx, keptBefore, EXPIRED_PER_TRANSACTION);
        return packages + kept;
      },
      { frees: true },
    );
  while ((await deleteSome()) > 0);
}
