import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import type { Bytes, Domain, Env, RateRule } from "@treehouse/protocol";
import { join } from "node:path";
import { createAssets } from "./assets/index.ts";
import type { AssetBounds, Assets } from "./assets/index.ts";
import { createAuthentication } from "./authentication/index.ts";
import type { Authentication } from "./authentication/index.ts";
import { isLoopbackHost } from "./config/index.ts";
import type { Config } from "./config/index.ts";
import { createDelivery } from "./delivery/index.ts";
import type { Delivery } from "./delivery/index.ts";
import { createFactors } from "./factors/index.ts";
import type { Factors, FactorsOptions } from "./factors/index.ts";
import { createFederation } from "./federation/index.ts";
import type { Federation, FederationDependencies } from "./federation/index.ts";
import type { Machine } from "./machine.ts";
import { createKeyPackages } from "./key-packages/index.ts";
import type { KeyPackages } from "./key-packages/index.ts";
import { openPeers } from "./open-peers.ts";
import type { Peers } from "./peers/index.ts";
import { createLoginProvider, createMailer, createObjectStore } from "./platform/index.ts";
import type {
  Database,
  Jobs,
  ObjectStore,
  OnceFiles,
  SealingKeys,
  TlsFiles,
} from "./platform/index.ts";
import { createQueuing } from "./queuing/index.ts";
import type { Queuing } from "./queuing/index.ts";
import { createRealtime } from "./realtime/index.ts";
import type { Realtime } from "./realtime/index.ts";
import { createRendezvous } from "./rendezvous/index.ts";
import type { Rendezvous } from "./rendezvous/index.ts";

export interface Modules {
  readonly authentication: Authentication;
  readonly keyPackages: KeyPackages;
  readonly delivery: Delivery;
  readonly queuing: Queuing;
  readonly realtime: Realtime;
  readonly peers: Peers;
  readonly federation: Federation;
  readonly factors: Factors;
  readonly rendezvous: Rendezvous;
  readonly assets: Assets;
}

export type ModulesOptions = {
  readonly config: Config;
  readonly env: Env;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly files: OnceFiles;
  readonly sealing: SealingKeys | undefined;
  readonly tls: TlsFiles;
  /** Loopback URLs of other servers, instead of those of the settings. */
  readonly developmentPeers: ReadonlyMap<Domain, URL> | undefined;
  readonly machine: Machine | undefined;
};

/** Makes every module and fits their ports together. Nothing is served, and nothing sent, yet. */
export async function createModules(options: ModulesOptions): Promise<Modules> {
  const { config, env, database, jobs, files } = options;
  const { domain } = config.server;
  const random = (length: number): Bytes => env.random(length);
  const crypto = options.machine?.crypto(random) ?? createNodeCrypto({ random });
  const authentication = await createAuthentication({
    env,
    database,
    domain,
    registration: config.registration.mode,
    localContacts: config.contacts.local,
    registrationPerAddress: perRefill(config.limits.registrations_per_address),
    resetDelayMs: config.mail.reset_delay_hours * 3_600_000,
    crypto,
    secrets: files,
    jobs,
  });
  const factors = await createFactors({
    env,
    database,
    domain,
    passwords: authentication,
    sealing: options.sealing,
    ...externalOf(config, env),
    relyingParty: relyingPartyOf(config),
    mailer: createMailer(env, {
      url: config.mail.smtp_url,
      from: config.mail.from,
      loopback: isLoopbackHost(URL.parse(config.mail.smtp_url)?.hostname ?? ""),
    }),
  });
  const keyPackages = createKeyPackages({
    env,
    database,
    jobs,
    domain,
    clients: authentication,
    consent: authentication,
    crypto,
    rates: {
      claimPerPair: { count: config.limits.claims_per_pair, perMs: 3_600_000 },
      keyPackageUploadPerClient: { count: config.limits.key_package_uploads, perMs: 600_000 },
    },
  });
  const queuing = await createQueuing({ env, database, jobs });
  const peers = await openPeers(
    config,
    options.tls,
    {
      env,
      database,
      jobs,
      crypto,
      secrets: files,
      countersigners: () => authentication.serverKeys(),
      client: options.machine?.outbound(env),
    },
    options.developmentPeers,
  );
  const federation: Federation = createFederation({
    env,
    database,
    domain,
    jobs,
    peers,
    ...roomsOf(() => delivery),
    consent: authentication,
    localUsers: {
      findFor: (peer, user) => authentication.findFor(peer, user),
      listsFor: (peer, user, after) => authentication.listsFor(peer, user, after),
      countersigners: () => authentication.serverKeys(),
      claim: (peer, request, transactionId) =>
        keyPackages.answerPeer({ peer, request, transactionId }),
    },
    entries: {
      async entry(tx, room, position) {
        const range = { after: position - 1, upTo: position, entriesMax: 1 };
        return (await queuing.readLog(tx, room, range)).entries[0]?.bytes;
      },
    },
  });
  const delivery: Delivery = createDelivery({
    env,
    database,
    domain,
    crypto,
    jobs,
    roomLog: queuing,
    accounts: authentication,
    handedOut: keyPackages,
    outbox: federation.outbox,
    ephemerals: federation.ephemerals,
    hubs: federation.hubs,
    remoteUsers: federation.users,
  });
  const realtime = createRealtime({
    env,
    streams: queuing,
    submissions: delivery,
    stops: delivery.stops,
    sessions: authentication,
    stores: authentication,
  });
  queuing.notify(realtime);
  queuing.hold(federation);
  peers.statusFrom({
    status: () =>
      federation.status().map(({ domain: peer, state, retryInMs, ...rest }) => ({
        ...rest,
        domain: peer,
        breaker: state === "paused" ? "open" : state,
        retryAt: state === "closed" ? undefined : env.now() + retryInMs,
      })),
    rejected: (peer) => federation.dead(peer),
    retry: (peer) => void federation.retry(peer),
    partners: () =>
      database.read(
        async (tx) => new Set([...(await federation.partners(tx)), ...(await delivery.hubs(tx))]),
      ),
  });
  const assets = await createAssets({
    env,
    database,
    domain,
    jobs,
    bounds: boundsOf(config),
    directory: config.assets.directory || join(config.storage.directory, "assets"),
    objectStore: objectStoreOf(config, env),
    rooms: delivery,
    peers: federation.assets,
  });
  delivery.connect(assets);
  keyPackages.connect({ users: federation.users });
  authentication.connect({
    inboxes: queuing,
    keyPackages,
    rooms: delivery,
    assets,
    factors,
    mailboxes: factors.mailboxes,
    outbox: federation.outbox,
    users: federation.users,
  });
  return {
    authentication,
    keyPackages,
    delivery,
    queuing,
    realtime,
    peers,
    federation,
    factors,
    rendezvous: createRendezvous({ env, domain }),
    assets,
  };
}

/** Where blobs lie, if not on the disk. */
function objectStoreOf({ assets }: Config, env: Env): ObjectStore | undefined {
  if (assets.s3_endpoint === "") return undefined;
  return createObjectStore(env, {
    endpoint: assets.s3_endpoint,
    bucket: assets.s3_bucket,
    region: assets.s3_region,
    accessKeyId: assets.s3_access_key_id,
    secretAccessKey: assets.s3_secret_access_key,
  });
}

function boundsOf({ assets }: Config): AssetBounds {
  const mib = 1024 * 1024;
  return {
    assetBytesMax: assets.largest_mib * mib,
    userBytesMax: assets.quota_mib * mib,
    totalBytesMax: assets.total_mib * mib,
    freeBytesMin: assets.free_mib * mib,
    keptMs: assets.kept_days * 24 * 3_600_000,
    cacheBytesMax: assets.cache_mib * mib,
  };
}

/** So many at once, and one more every 30 seconds. */
function perRefill(count: number): RateRule {
  return { count, perMs: count * 30_000 };
}

/** The operator's provider of logins, if there is one. */
function externalOf({ oidc }: Config, env: Env): Pick<FactorsOptions, "external"> {
  if (oidc.issuer === "") return {};
  const provider = createLoginProvider(env, {
    issuer: oidc.issuer,
    clientId: oidc.client_id,
    clientSecret: oidc.client_secret,
  });
  return { external: { provider, redirectUris: oidc.redirect_uris } };
}

/** Passkeys are made at the public address, unless the operator has web clients elsewhere. */
function relyingPartyOf({ passkeys, server }: Config): FactorsOptions["relyingParty"] {
  const { hostname, origin } = new URL(server.public_url);
  return {
    id: passkeys.rp_id === "" ? hostname : passkeys.rp_id,
    origins: passkeys.origins.length === 0 ? [origin] : passkeys.origins,
  };
}

type Rooms = Pick<
  FederationDependencies<Awaited<ReturnType<Delivery["followed"]["prepare"]>>>,
  "hosted" | "followed"
>;

/** The rooms for `federation`, which is made before `delivery`: each needs the other. */
function roomsOf(delivery: () => Delivery): Rooms {
  return {
    hosted: {
      submit: (caller, room, request) => delivery().hosted.submit(caller, room, request),
      update: (caller, room, request) => delivery().hosted.update(caller, room, request),
      groupInfo: (caller, room, request) => delivery().hosted.groupInfo(caller, room, request),
      tree: (caller, room, epoch) => delivery().hosted.tree(caller, room, epoch),
      leave: (caller, room, leaver) => delivery().hosted.leave(caller, room, leaver),
      events: (peer, room, range) => delivery().hosted.events(peer, room, range),
      standing: (peer, room) => delivery().hosted.standing(peer, room),
      offerHub: (caller, room) => delivery().hosted.offerHub(caller, room),
      takeOver: (peer, room, request) => delivery().hosted.takeOver(peer, room, request),
      hub: (room) => delivery().hosted.hub(room),
      checkFollowedBy: (peer, room) => delivery().hosted.checkFollowedBy(peer, room),
      signedHead: (room, peer) => delivery().hosted.signedHead(room, peer),
      introduceAgain: (tx, peer, room) => delivery().hosted.introduceAgain(tx, peer, room),
    },
    followed: {
      prepare: (peer, batch) => delivery().followed.prepare(peer, batch),
      receive: (tx, prepared, index) => delivery().followed.receive(tx, prepared, index),
      finish: (tx, prepared) => delivery().followed.finish(tx, prepared),
      pass: (peer, entry) => delivery().followed.pass(peer, entry),
    },
  };
}
