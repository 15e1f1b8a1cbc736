/**
 * Peers knows the other homeservers: who they are, whether the operator allows them, and how to
 * reach them.
 *
 * It keeps this server's federation keys, the keys of other servers as they were seen first, and
 * the operator's rules. It promises: a request counts as another server's only with a signature by
 * a key that is pinned for it, over this body and for this server, and only once; a key that
 * nothing vouches for freezes its server until the operator has spoken; a rule is in force both
 * ways from its commit on; no request of ours goes to an address that is not public, nor anywhere
 * but to the server that was meant; and servers that have proved nothing leave nothing behind.
 */
import { type Bytes, type Domain, NONCE_START_BYTES } from "@treehouse/protocol";
import { errorFields, migrationsOf } from "../platform/index.ts";
import type { Database, Jobs, PeerGate, Route } from "../platform/index.ts";
import { createPeerBook } from "./book.ts";
import { deleteExpiredRules } from "./change-rule.ts";
import type { PeerAuthentication, PeersContext } from "./context.ts";
import { checkNotFrozen } from "./discover.ts";
import { createGate } from "./gate.ts";
import { createOutboundClient } from "./outbound/client.ts";
import type { OutboundClient } from "./outbound/client.ts";
import { createConnector } from "./outbound/connect.ts";
import type { Credentials } from "./outbound/connect.ts";
import { createResolver } from "./outbound/resolve.ts";
import type { ResolveName } from "./outbound/resolve.ts";
import { openOwnKeys } from "./own-keys.ts";
import type { Signatures } from "./own-keys.ts";
import { createPolicy } from "./policy.ts";
import type { FederationMode } from "./policy.ts";
import type { PeerStatusSource } from "./ports.ts";
import { post } from "./post.ts";
import type { PeerCall } from "./post.ts";
import { peerModuleRoutes } from "./routes.ts";
import { subjectsOf } from "./rule-subject.ts";
import type { SecretFiles } from "./secret-files.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import { createStrangerLimits } from "./stranger-limits.ts";

export type { OutboundAnswer, OutboundClient, OutboundRequest } from "./outbound/client.ts";
export type { PeerStatus, PeerStatusSource } from "./ports.ts";
export type { PeerCall } from "./post.ts";

export const peersMigrations = migrationsOf("peers");

export interface PeersOptions {
  readonly env: PeersContext["env"];
  readonly database: Database;
  readonly jobs: Pick<Jobs, "every">;
  readonly domain: Domain;
  readonly crypto: Signatures;
  readonly secrets: SecretFiles;
  readonly mode: FederationMode;
  readonly authentication: PeerAuthentication;
  /** The port of this server's endpoints under its name. */
  readonly port: number;
  /** Age at which a federation key is replaced. */
  readonly keyAgeMs: number;
  /** Servers that are reached at a loopback URL instead of their name. */
  readonly development: ReadonlyMap<Domain, URL>;
  /** Whom to believe, and what to show, in TLS; asked anew for each connection. */
  readonly credentials: () => Credentials;
  /** The keys with which this server countersigns, the current one first. */
  readonly countersigners: () => readonly { readonly kid: string; readonly key: Bytes }[];
  /** DNS, unless it is given. */
  readonly resolve?: ResolveName;
  /** HTTP over the Internet, unless it is given. */
  readonly client?: OutboundClient | undefined;
}

export interface Peers {
  /** The directory, and the operator's view. */
  readonly routes: readonly Route[];
  /** For routes with the access `peer`. */
  readonly gate: PeerGate;
  /**
   * Throws "peerDenied" or "peerKeyChanged" if nothing can be asked of the server now. Counts
   * nothing: what a limited server may be asked is counted, and refused, by `post`.
   */
  admit(domain: Domain): void;
  /**
   * A signed request. Resolves with the body of a 2xx answer; throws the `Refusal` of either side,
   * or a `NetworkFault` if nothing is known about what became of it.
   */
  post(domain: Domain, call: PeerCall): Promise<Bytes>;
  /** After each request of another server that was found to be its own. Must not throw. */
  onContact(run: (domain: Domain) => void): void;
  /** After each change of what the operator decided, also when a rule ends. Must not throw. */
  onPolicyChange(run: () => void): void;
  /** Where the operator's view learns what waits for whom. */
  statusFrom(source: PeerStatusSource): void;
  close(): Promise<void>;
}

const housekeepingMs = 60_000;
const rotationLookMs = 3_600_000;

/** Loads or makes the federation keys, and answers when other servers can be told apart. */
export async function createPeers(options: PeersOptions): Promise<Peers> {
  const { env, database, domain, mode, jobs } = options;
  const store = createSqliteStore(database);
  const stored = await database.read((tx) => store.peers(tx));
  const rules = await database.read((tx) => store.rules(tx));
  const policy = createPolicy({ env, mode, domain, rules });
  const hasRule = (each: Domain): boolean =>
    subjectsOf(each).some((subject) => policy.rule(subject) !== undefined);
  const open = createConnector({
    resolve: options.resolve ?? createResolver(),
    development: options.development,
    credentials: options.credentials,
  });
  const startedAt = env.monotonic();
  let status: PeerStatusSource | undefined;
  const context: PeersContext = {
    env,
    database,
    store,
    domain,
    policy,
    open,
    signatures: options.crypto,
    authentication: options.authentication,
    port: options.port,
    development: options.development,
    ownCountersigners: options.countersigners,
    ownKeys: await openOwnKeys({
      files: options.secrets,
      signatures: options.crypto,
      domain,
      env,
      ageMs: options.keyAgeMs,
    }),
    book: createPeerBook({
      env,
      database,
      store,
      hasRule,
      partners: async () => (await status?.partners()) ?? new Set(),
      stored,
    }),
    client: options.client ?? createOutboundClient(env, open),
    status: () => status,
    strangers: createStrangerLimits(env),
    nonceStart: env.random(NONCE_START_BYTES),
    startedAt: () => env.now() - (env.monotonic() - startedAt),
  };
  const { book, client, ownKeys } = context;
  const contactListeners: ((contact: Domain) => void)[] = [];

  jobs.every("rotateFederationKey", rotationLookMs, () => ownKeys.rotate());
  jobs.every("keepPeers", housekeepingMs, async () => {
    book.sweep();
    client.sweep();
    await deleteExpiredRules(context);
    await book.writeContacts();
  });

  return {
    routes: peerModuleRoutes(context),
    gate: createGate(context, (contact) => {
      for (const run of contactListeners) run(contact);
    }),
    admit(each) {
      if (policy.judge(each).verdict === "deny") policy.admit(each, "outbound");
      const state = book.known(each);
      if (state !== undefined) checkNotFrozen(state);
    },
    post: (each, call) => post(context, each, call),
    onContact: (run) => void contactListeners.push(run),
    onPolicyChange: (run) => policy.onChange(run),
    statusFrom(source) {
      status = source;
    },
    async close() {
      policy.close();
      await client.close();
      try {
        await book.writeContacts();
      } catch (error) {
        env.log.warn("contactsNotWritten", errorFields(error));
      }
    },
  };
}
