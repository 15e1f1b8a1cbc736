/**
 * Authentication links a user's address to the keys that the user's clients sign with.
 *
 * It keeps accounts (OPAQUE records, so that no password is ever here), sealed recovery bundles,
 * every version of each user's signed client list, sessions, invites, whom each user lets in as a
 * contact, and what a user's clients keep for each other, sealed by them. It promises: a name
 * belongs to one account for ever, also after that is deleted; a client is listed only with the
 * signatures of its user, and is vouched for with the countersignature of this server; a session
 * belongs to one client, is stored as a hash and ends at once when it is revoked. It refuses to
 * tell, before a password is proved, whether an account exists.
 */
import {
  type Bytes,
  type ClientRevoked,
  type ClientUri,
  type ConsentEntry,
  type Domain,
  domainOf,
  type Env,
  nameOf,
  type RateRule,
  type UserDeleted,
  type UserReset,
  type UserUri,
} from "@treehouse/protocol";
import {
  type Database,
  type Jobs,
  migrationsOf,
  type ProvedRequest,
  type ReadTx,
  type Route,
  type Session,
  type Tx,
} from "../platform/index.ts";
import { createAccountDataStore } from "./account-data/index.ts";
import { alone } from "./alone.ts";
import {
  checkPasswordProof,
  openOpaque,
  type PendingChange,
  type PendingFactor,
  type PendingLogin,
  type PendingPasswordProof,
  type StartedPasswordProof,
  startPasswordProof,
} from "./login/index.ts";
import {
  checkProof,
  openCountersignatureKey,
  type PendingProof,
  type ProvedForClients,
  type Signatures,
} from "./clients/index.ts";
import {
  type ConsentVerdict,
  createContactLimits,
  createContactStore,
  hearClientRevoked,
  hearConsent,
  type Heard,
  hearUserDeleted,
  mayClaim,
} from "./contacts/index.ts";
import { createStoreMarks, type StoreClaim, type StoreTaken, takeStore } from "./copies/index.ts";
import type { AuthenticationContext, LocalContacts, RegistrationMode } from "./context.ts";
import {
  createInvites,
  enrol,
  type Enrolled,
  type Enrolment,
  findLocalLists,
  findLocalUser,
  type PendingRegistration,
  serverKeys,
} from "./accounts/index.ts";
import { createLimits } from "./limits.ts";
import { createPending } from "./pending.ts";
import type { ConsentQuestion, Neighbours, RemoteUser } from "./ports.ts";
import { createPrivacyStore } from "./privacy/index.ts";
import {
  createRecoveryStore,
  type PendingPasswordReset,
  type PendingRecovery,
} from "./recovery/index.ts";
import { createResetStore, hearUserReset, type PendingReset, RESET_LIMITS } from "./reset/index.ts";
import { authenticationRoutes } from "./routes.ts";
import type { SecretFiles } from "./secret-files.ts";
import { createSessions, type EndedSession } from "./sessions/index.ts";
import { createSqliteStore } from "./store/index.ts";

export type { Heard } from "./contacts/index.ts";
export type { ConsentVerdict } from "./contacts/index.ts";
export type { LocalContacts } from "./context.ts";
export type { Enrolled } from "./accounts/index.ts";
export type {
  AssetsOfUser,
  ConsentOutbox,
  ConsentQuestion,
  Inboxes,
  KeyPackagesOf,
  Mailboxes,
  Neighbours,
  RemoteUser,
  RemoteUsers,
  RoomsOfUser,
  SecondFactors,
} from "./ports.ts";
export type { SecretFiles } from "./secret-files.ts";

export const authenticationMigrations = migrationsOf("authentication");

export type AuthenticationOptions = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log">;
  readonly database: Database;
  readonly domain: Domain;
  readonly registration: RegistrationMode;
  /** By default `implied`. */
  readonly localContacts?: LocalContacts;
  /** Of registrations that are begun. By default six at once, and one more every 30 seconds. */
  readonly registrationPerAddress?: RateRule;
  /** How long a reset by e-mail waits while a client of the account is active. By default a day. */
  readonly resetDelayMs?: number;
  readonly crypto: Signatures;
  readonly secrets: SecretFiles;
  readonly jobs: Pick<Jobs, "every">;
};

export interface Authentication {
  readonly routes: readonly Route[];
  /**
   * Whose session this token is, and that it is used from there; undefined if it is nobody's, or over.
   * Cheap enough for every request.
   */
  authenticate(token: string, address: string): Promise<Session | undefined>;
  /**
   * Refuses `proofRequired`, with a challenge to sign, unless the client's own key has signed the
   * request.
   */
  prove(session: Session, request: ProvedRequest): Promise<void>;
  /** The first half of a proof that the user knows the password. Refuses `malformed` and `rateLimited`. */
  startPasswordProof(
    asker: { readonly user: UserUri; readonly address: string },
    startLoginRequest: Bytes,
  ): Promise<StartedPasswordProof>;
  /** The second half; each proof is good once. Refuses `loginFailed`. */
  checkPasswordProof(
    user: UserUri,
    proof: { readonly proofId: string; readonly finishLoginRequest: Bytes },
  ): Promise<void>;
  /**
   * Creates an account with its first client and a session without a password: for tests, benches
   * and the simulator. Nothing on the network reaches it. Refuses `nameTaken`, `nameInvalid` and
   * `identityInvalid`.
   */
  enrol(enrolment: Enrolment): Promise<Enrolled>;
  /**
   * The token with which the first administrator registers; undefined once there is one. Every
   * call makes the earlier token void, for only its hash is kept.
   */
  ensureAdminInvite(): Promise<string | undefined>;
  /**
   * Names what contacts and the end of an account reach beside this module. What is not named is
   * not there: no inboxes, no rooms, no peers.
   */
  connect(neighbours: Partial<Neighbours>): void;
  /** After the commit that ended a session, for whoever holds its connections. Must not throw. */
  onSessionEnded(run: (ended: EndedSession) => void): void;
  /** Lets one of the copies of a client's store in; see `take-store.ts`. Refuses `storeCopied`. */
  takeStore(session: Session, claim: StoreClaim): Promise<StoreTaken>;
  /** Whether this server is the one that speaks for the user. */
  isLocal(user: UserUri): boolean;
  /** The keys with which this server countersigns, the current one first. */
  serverKeys(): readonly { readonly kid: string; readonly key: Bytes }[];
  /** The client's signature key; undefined unless it is in its user's client list and not expired. */
  clientKey(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
  /** When a client of this server was there last, to the hour; undefined if it never was. */
  lastSeen(tx: ReadTx, client: ClientUri): Promise<number | undefined>;
  /** In the order of their URIs; undefined when there is no such user here. */
  clientsOf(tx: ReadTx, user: UserUri): Promise<readonly ClientUri[] | undefined>;
  /** The encoded `LeafIdentity` of the client's leaves, countersigned; undefined like `clientKey`. */
  leafIdentity(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
  /** The user's latest `SignedClientList`, countersigned and encoded. */
  clientList(tx: ReadTx, user: UserUri): Promise<Bytes | undefined>;
  /** A user of this server as a peer may find her; undefined when there is none, or none for it. */
  findFor(peer: Domain, user: UserUri): Promise<RemoteUser | undefined>;
  /** The same user's client lists behind a version; see `find-user.ts`. */
  listsFor(peer: Domain, user: UserUri, after: number): Promise<readonly Bytes[]>;
  /** Whether a user of this server lets somebody fetch their KeyPackages; see `may-claim.ts`. */
  mayClaim(tx: ReadTx, question: ConsentQuestion): Promise<ConsentVerdict>;
  /** What a peer says about consent; see `hear-peer.ts`. Refuses `rateLimited`. */
  consent(tx: Tx, peer: Domain, entry: ConsentEntry): Promise<Heard>;
  /** A peer says that the account of a user of its own is gone. */
  userDeleted(tx: Tx, peer: Domain, item: UserDeleted): Promise<Heard>;
  /** A peer says that a user of its own has revoked a client. */
  clientRevoked(tx: Tx, peer: Domain, item: ClientRevoked): Promise<Heard>;
  /** A peer says that the account of a user of its own was reset. */
  userReset(tx: Tx, peer: Domain, item: UserReset): Promise<Heard>;
}

/** Loads or makes the server's long-term secrets and answers when logins can be served. */
export async function createAuthentication(
  options: AuthenticationOptions,
): Promise<Authentication> {
  const { env, database, domain, crypto, secrets } = options;
  const store = createSqliteStore(database);
  const sessions = createSessions({ env, database, store, domain });
  const invites = createInvites({ env, database, store });
  const context: AuthenticationContext = {
    env,
    database,
    store,
    contacts: createContactStore(database),
    accountData: createAccountDataStore(database),
    privacy: createPrivacyStore(database),
    marks: createStoreMarks(database),
    recovery: createRecoveryStore(database),
    resets: createResetStore(database),
    resetDelayMs: options.resetDelayMs ?? RESET_LIMITS.delayMs,
    domain,
    registration: options.registration,
    localContacts: options.localContacts ?? "implied",
    neighbours: { current: alone },
    signatures: crypto,
    countersignatureKey: await openCountersignatureKey(secrets, crypto),
    opaque: await openOpaque(secrets),
    sessions,
    invites,
    pendingRegistrations: createPending<PendingRegistration>(env),
    pendingLogins: createPending<PendingLogin>(env),
    pendingChanges: createPending<PendingChange>(env),
    pendingFactors: createPending<PendingFactor>(env),
    pendingPasswordProofs: createPending<PendingPasswordProof>(env),
    pendingProofs: createPending<PendingProof>(env),
    pendingClientProofs: createPending<ProvedForClients>(env),
    pendingRecoveries: createPending<PendingRecovery>(env),
    pendingPasswordResets: createPending<PendingPasswordReset>(env),
    pendingResets: createPending<PendingReset>(env),
  };
  options.jobs.every("endIdleSessions", CLEANING_INTERVAL_MS, () =>
    clean((limit) => sessions.deleteIdle(limit)),
  );
  options.jobs.every("deleteSpentInvites", CLEANING_INTERVAL_MS, () =>
    clean((limit) => invites.deleteSpent(limit)),
  );
  options.jobs.every("deleteSpentResets", CLEANING_INTERVAL_MS, () =>
    clean((limit) =>
      database.transaction((tx) => context.resets.deleteSpentResets(tx, env.now(), limit), {
        frees: true,
      }),
    ),
  );
  const isLocal = (user: UserUri): boolean => domainOf(user) === domain;
  const contactLimits = createContactLimits(env);
  const limits = createLimits(env, options.registrationPerAddress);
  sessions.onOpened((user) => limits.loginTries.succeeded(user));

  return {
    routes: authenticationRoutes(context, { ...limits, ...contactLimits }),
    authenticate: async (token, address) => {
      const session = await sessions.authenticate(token);
      if (session !== undefined) limits.loginTries.seen(session.user, address);
      return session;
    },
    startPasswordProof: async ({ user, address }, request) => {
      // Its answer tells whether the password was right, as that of a login does.
      limits.loginTries.take(user, address);
      return startPasswordProof(context, user, request);
    },
    checkPasswordProof: async (user, proof) => {
      await checkPasswordProof(context, user, proof);
      limits.loginTries.succeeded(user);
    },
    prove: (session, request) => checkProof(context, limits, session, request),
    enrol: (enrolment) => enrol(context, enrolment),
    ensureAdminInvite: () => invites.ensureAdmin(),
    takeStore: (session, claim) => takeStore(context, session, claim),
    onSessionEnded: (run) => sessions.onEnded(run),
    connect: (neighbours) => {
      context.neighbours.current = { ...context.neighbours.current, ...neighbours };
    },
    isLocal,
    serverKeys: () => serverKeys(context),
    findFor: (peer, user) => findLocalUser(context, user, { kind: "server", domain: peer }),
    listsFor: (peer, user, after) =>
      findLocalLists(context, { user, after }, { kind: "server", domain: peer }),
    mayClaim: (tx, question) => mayClaim(context, tx, question),
    consent: (tx, peer, entry) => hearConsent(context, contactLimits, tx, peer, entry),
    userDeleted: (tx, peer, item) => hearUserDeleted(context, tx, peer, item),
    clientRevoked: (tx, peer, item) => hearClientRevoked(context, tx, peer, item),
    userReset: (tx, peer, item) => hearUserReset(context, tx, peer, item),
    ...clientQuestions(context, isLocal),
  };
}

const CLEANING_INTERVAL_MS = 3_600_000;
const CLEANED_PER_TRANSACTION = 500;

/** In short transactions, so that nobody waits for a long one. */
async function clean(deleteSome: (limit: number) => Promise<number>): Promise<void> {
  while ((await deleteSome(CLEANED_PER_TRANSACTION)) > 0);
}

function clientQuestions(
  { env, store }: AuthenticationContext,
  isLocal: (user: UserUri) => boolean,
): Pick<Authentication, "clientKey" | "clientsOf" | "leafIdentity" | "lastSeen" | "clientList"> {
  // A client's URI is its own key in the table: one of another server is not found there.
  const current = async (tx: ReadTx, client: ClientUri) => {
    const found = await store.client(tx, client);
    return found && found.expiresAt > env.now() ? found : undefined;
  };
  return {
    clientKey: async (tx, client) => (await current(tx, client))?.signatureKey,
    lastSeen: (tx, client) => store.lastSeen(tx, client),
    leafIdentity: async (tx, client) => (await current(tx, client))?.leafIdentity,
    clientsOf: async (tx, user) => {
      if (!isLocal(user) || !(await store.account(tx, nameOf(user)))) return undefined;
      const now = env.now();
      const clients = await store.clientsOf(tx, nameOf(user));
      return clients.filter(({ expiresAt }) => expiresAt > now).map(({ client }) => client);
    },
    clientList: async (tx, user) =>
      isLocal(user) ? store.clientList(tx, nameOf(user)) : undefined,
  };
}
