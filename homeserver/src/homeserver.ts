import { existsSync } from "node:fs";
import { utf8Decode, utf8Encode } from "@treehouse/protocol";
import type { Domain, Env, HealthAnswer } from "@treehouse/protocol";
import { serverRoutes } from "./app.ts";
import {
  beginLife,
  createLivesFile,
  refuseUnfinishedRestore,
  restoredSealingKeys,
} from "./backup/index.ts";
import type { Config } from "./config/index.ts";
import { createModules } from "./create-modules.ts";
import type { Modules } from "./create-modules.ts";
import type { Machine } from "./machine.ts";
import { migrations } from "./migrations.ts";
import { openTls } from "./open-peers.ts";
import {
  createHttpServer,
  createJobs,
  createMetricsServer,
  DirectoryRefused,
  errorFields,
  openDatabase,
  openDataDirectory,
  openSealingKeys,
  sealingKeyFile,
  refuseTakenAddress,
} from "./platform/index.ts";
import type { MetricsPage, OnceFiles, SealingKeys } from "./platform/index.ts";
import { version } from "./version.ts";

export interface HomeserverOptions {
  readonly config: Config;
  readonly env: Env & { readonly metrics: { readonly page?: MetricsPage } };
  /**
   * The database failed, and only a fresh start knows what is on disk. Must end the process; that
   * is what happens unless it is given.
   */
  readonly onCrash?: (error: unknown) => void;
  /**
   * For tests: the loopback URLs of other servers, read at each connection, instead of those of the
   * settings. Servers whose ports are not known before they listen can so find each other.
   */
  readonly developmentPeers?: ReadonlyMap<Domain, URL>;
  /** The real one, unless it is given; it has no metrics page. */
  readonly machine?: Machine;
}

/** A homeserver that is serving. Disposing stops it; a second time does nothing. */
export interface Homeserver extends AsyncDisposable, Modules {
  readonly url: string;
  /** Undefined when metrics are switched off. */
  readonly metricsUrl: string | undefined;
  /** The token with which the first administrator registers, as long as there is none. */
  readonly adminInvite: string | undefined;
}

/**
 * Starts a homeserver: the one place where modules meet. When it throws, everything that had been
 * started is stopped again.
 */
export async function createHomeserver(options: HomeserverOptions): Promise<Homeserver> {
  const { config, env } = options;
  const closers: (() => Promise<void>)[] = [];
  let status: HealthAnswer["status"] = "ok";
  let stopped: Promise<void> | undefined;

  /** In the reverse order of starting, each also when another failed. */
  async function close(): Promise<void> {
    status = "stopping";
    for (const closeOne of closers.toReversed()) {
      try {
        await closeOne();
      } catch (error) {
        env.log.error("stopFailed", errorFields(error));
      }
    }
  }

  try {
    refuseUnfinishedRestore(config.storage.directory);
    await refuseUselessFolder(options);
    const directory = openDataDirectory(config.storage.directory, env);
    const database = openDatabase({
      path: directory.databasePath,
      env,
      migrations,
      reserveBytes: config.storage.reserve_mib * 1024 * 1024,
      onCrash: options.onCrash ?? ((error) => crash(env, error)),
      ...(options.machine === undefined ? {} : { engine: options.machine.engine }),
    });
    closers.push(() => database.close());
    await claimDirectory(directory.files, config.server.domain, config.storage.directory);
    const jobs = createJobs(env);
    // Modules begin jobs while they are made: if one cannot be, those of the others end here.
    closers.push(() => jobs.close());
    const tls = openTls(config, env, jobs);
    const modules = await createModules({
      config,
      env,
      database,
      jobs,
      files: directory.files,
      sealing: await openSealing(config, env, directory.files),
      tls,
      developmentPeers: options.developmentPeers,
      machine: options.machine,
    });
    const { assets, authentication, delivery, federation, keyPackages, peers, queuing, realtime } =
      modules;
    closers.push(() => queuing.close());
    closers.push(() => assets.close());
    // Jobs end before the modules that they work with.
    closers.push(() => jobs.close());
    closers.push(() => peers.close());
    // What waits for another server is let go of before the way there is closed.
    closers.push(async () => {
      await Promise.all([federation.close(), delivery.close()]);
    });
    // Before anything is said to anybody: an old database would contradict what it has said since.
    await beginLife({
      env,
      database,
      file: createLivesFile(directory.databasePath),
      jobs,
      restorables: [queuing, keyPackages, federation, delivery],
      incarnation: () => queuing.incarnation,
    });

    const metrics = await startMetrics(options);
    if (metrics !== undefined) closers.push(() => metrics.close());
    const http = createHttpServer({
      env,
      authenticate: (token, address) => authentication.authenticate(token, address),
      prove: (session, request) => authentication.prove(session, request),
      trustedProxies: new Set(config.server.trusted_proxies),
      secure: config.server.public_url.startsWith("https:"),
      webOrigins: config.server.web_origins,
      peers: peers.gate,
      ...(tls.current.own === undefined
        ? {}
        : {
            tls: { files: tls, asksForCertificate: config.federation.authentication === "mtls" },
          }),
      routes: [
        ...serverRoutes({
          domain: config.server.domain,
          registration: config.registration.mode,
          provider: config.oidc.issuer === "" ? undefined : config.oidc.issuer,
          serverKeys: () => authentication.serverKeys(),
          status: () => (status === "ok" && database.state !== "open" ? "degraded" : status),
        }),
        ...Object.values(modules).flatMap(({ routes }) => routes),
      ],
      upgrades: realtime.upgrades,
      version,
      listener: options.machine?.listener,
    });
    // The listener waits for its sockets, and those end when the realtime module says goodbye; and
    // for questions, of which those at a mailbox wait themselves.
    closers.push(async () => {
      modules.rendezvous.close();
      await Promise.all([http.close(), realtime.close()]);
    });
    await delivery.start();
    const adminInvite = await authentication.ensureAdminInvite();
    const url = await http.listen({ ...config.server, setting: "server.port" });
    env.log.info("listening", { host: config.server.host, port: Number(new URL(url).port) });
    await federation.start();
    return {
      url,
      metricsUrl: metrics?.url,
      adminInvite,
      ...modules,
      [Symbol.asyncDispose]: () => (stopped ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A first start that cannot listen makes no data folder: it would belong to its domain for ever. */
async function refuseUselessFolder({ config, machine }: HomeserverOptions): Promise<void> {
  if (machine !== undefined || existsSync(config.storage.directory)) return;
  await refuseTakenAddress({ ...config.server, setting: "server.port" });
  if (!config.metrics.enabled) return;
  await refuseTakenAddress({ ...config.metrics, setting: "metrics.port" });
}

async function startMetrics({
  config,
  env,
}: HomeserverOptions): Promise<{ url: string; close(): Promise<void> } | undefined> {
  const { page } = env.metrics;
  if (!config.metrics.enabled || page === undefined) return undefined;
  const server = createMetricsServer(env, page);
  const url = await server.listen({ ...config.metrics, setting: "metrics.port" });
  env.log.info("metricsListening", { port: Number(new URL(url).port) });
  return { url: `${url}/metrics`, close: () => server.close() };
}

/** Keys that a restored backup brought go to where keys belong, out of the data directory. */
async function openSealing(
  { sealing, storage }: Config,
  env: Env,
  files: OnceFiles,
): Promise<SealingKeys | undefined> {
  const keys = openSealingKeys({
    env,
    file: sealing.key_file,
    dataDirectory: storage.directory,
    restored: await files.read(restoredSealingKeys),
  });
  if (keys === undefined) {
    const file = sealingKeyFile(sealing.key_file, storage.directory);
    env.log.warn("noSealingKeys", { file, setting: "sealing.key_file" });
  } else {
    await files.remove(restoredSealingKeys);
  }
  return keys;
}

/** A directory belongs to the domain it was made for: every address and every key in it names it. */
async function claimDirectory(files: OnceFiles, domain: Domain, directory: string): Promise<void> {
  const owner = utf8Decode(await files.create("domain", utf8Encode(domain)));
  if (owner === domain) return;
  throw new DirectoryRefused(
    `The data in ${directory} belongs to the domain ${owner}, not to ${domain}. ` +
      `Set server.domain to ${owner}, or choose another directory.`,
  );
}

/** Ends the process at once: nothing may be answered any more, and nothing written. */
function crash(env: Pick<Env, "log">, error: unknown): void {
  env.log.error("crashed", errorFields(error));
  process.exit(1);
}
