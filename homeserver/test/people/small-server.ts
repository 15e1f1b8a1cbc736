import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseDomain } from "@treehouse/protocol";
import type { Bytes, Domain, RateRule } from "@treehouse/protocol";
import { authenticationMigrations, createAuthentication } from "../../src/authentication/index.ts";
import type { Authentication, LocalContacts, Neighbours } from "../../src/authentication/index.ts";
import { createFactors, factorsMigrations } from "../../src/factors/index.ts";
import type { Factors } from "../../src/factors/index.ts";
import { createKeyPackages, keyPackagesMigrations } from "../../src/key-packages/index.ts";
import type { KeyPackages, RemoteUsers } from "../../src/key-packages/index.ts";
import {
  createHttpServer,
  createLoginProvider,
  createMailer,
  createNodeEnv,
  openDatabase,
  openSealingKeys,
} from "../../src/platform/index.ts";
import type { Database, Jobs, LoginProviderOptions } from "../../src/platform/index.ts";
import { createQueuing, queuingMigrations } from "../../src/queuing/index.ts";
import type { Queuing, QueuingLimits } from "../../src/queuing/index.ts";
import { memorySecrets } from "../secrets.ts";

/**
 * The two modules that know people, and their inboxes, behind a real HTTP server, with a clock that
 * tests move. Rooms and other servers are what a test gives.
 */
export interface SmallServer {
  readonly url: string;
  readonly domain: Domain;
  readonly authentication: Authentication;
  readonly factors: Factors;
  readonly keyPackages: KeyPackages;
  readonly queuing: Queuing;
  readonly database: Database;
  /** What the two modules have made of database and cryptography so far. */
  readonly work: Work;
  /** Moves wall clock and monotonic clock. */
  advance(ms: number): void;
  now(): number;
  /** Runs every recurring job once, instead of waiting for it. */
  runJobs(): Promise<void>;
  /** Everything in the data directory and the log lives here. */
  readonly folder: string;
  readonly logLines: readonly string[];
  /** Stops and starts again on the same data. */
  restart(): Promise<SmallServer>;
  /** Starts on the same data once it was stopped, as by a restart that failed. */
  start(): Promise<SmallServer>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type Work = { statements: number; signatures: number };

export type SmallServerOptions = {
  readonly registration?: "invite" | "oidc" | "open";
  /** The operator's provider of logins. */
  readonly external?: LoginProviderOptions & { readonly redirectUris: readonly string[] };
  readonly domain?: string;
  /** Of the server that takes mail. */
  readonly smtpUrl?: string;
  /** By default more people register from one address than any test has. */
  readonly registrationPerAddress?: RateRule;
  readonly localContacts?: LocalContacts;
  readonly queuingLimits?: Partial<QueuingLimits>;
  /** Whom the server has beside it, named again after each start. */
  readonly beside?: {
    readonly rooms?: Neighbours["rooms"];
    readonly outbox?: Neighbours["outbox"];
    readonly users?: RemoteUsers & Pick<Neighbours["users"], "forget" | "lists">;
  };
};

export async function openSmallServer(options: SmallServerOptions = {}): Promise<SmallServer> {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-people-"));
  return start(folder, options, new Map(), [], { advancedMs: 0 });
}

async function start(
  folder: string,
  options: SmallServerOptions,
  secretFiles: Map<string, Bytes>,
  logLines: string[],
  clock: { advancedMs: number },
): Promise<SmallServer> {
  const real = createNodeEnv({ log: { level: "debug", write: (line) => logLines.push(line) } });
  const env = {
    ...real,
    now: () => real.now() + clock.advancedMs,
    monotonic: () => real.monotonic() + clock.advancedMs,
  };
  const domain = parseDomain(options.domain ?? "example.org");
  const database = openDatabase({
    path: join(folder, "treehouse.sqlite"),
    env,
    migrations: [
      authenticationMigrations,
      keyPackagesMigrations,
      queuingMigrations,
      factorsMigrations,
    ],
    reserveBytes: 0,
    onCrash: (error) => {
      throw error;
    },
  });
  const jobs = collectJobs();
  const work = { statements: 0, signatures: 0 };
  const crypto = countedCrypto(work, (length) => env.random(length));
  const counted = countedDatabase(work, database);
  const authentication = await createAuthentication({
    env,
    database: counted,
    jobs,
    domain,
    registration: options.registration ?? "invite",
    registrationPerAddress: options.registrationPerAddress ?? { count: 10_000, perMs: 60_000 },
    localContacts: options.localContacts ?? "implied",
    crypto,
    secrets: memorySecrets(secretFiles),
  });
  const factors = await createFactors({
    env,
    database,
    domain,
    passwords: authentication,
    ...(options.external === undefined
      ? {}
      : {
          external: {
            provider: createLoginProvider(env, options.external),
            redirectUris: options.external.redirectUris,
          },
        }),
    relyingParty: { id: "chat.example.org", origins: ["https://chat.example.org"] },
    mailer: createMailer(env, {
      url: options.smtpUrl ?? "",
      from: "Treehouse <chat@example.org>",
      loopback: true,
    }),
    sealing: openSealingKeys({
      env,
      file: `${folder}.keys`,
      dataDirectory: folder,
      restored: undefined,
    }),
  }).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const [clients, consent] = [authentication, authentication];
  const keyPackages = createKeyPackages({
    env,
    database: counted,
    jobs,
    domain,
    clients,
    consent,
    crypto,
  });
  const limits = options.queuingLimits ?? {};
  const queuing = await createQueuing({ env, database, jobs, limits });
  authentication.connect({
    inboxes: queuing,
    keyPackages,
    factors,
    mailboxes: factors.mailboxes,
    ...options.beside,
  });
  if (options.beside?.users) keyPackages.connect({ users: options.beside.users });
  const http = createHttpServer({
    env,
    authenticate: (token, address) => authentication.authenticate(token, address),
    prove: (session, request) => authentication.prove(session, request),
    trustedProxies: new Set(),
    routes: [...authentication.routes, ...keyPackages.routes, ...queuing.routes, ...factors.routes],
    upgrades: new Map(),
    version: "test",
  });
  const url = await http.listen({ host: "127.0.0.1", port: 0 });
  const stop = async (): Promise<void> => {
    await http.close();
    await queuing.close();
    await database.close();
  };
  const again = () => start(folder, options, secretFiles, logLines, clock);
  return {
    url,
    domain,
    authentication,
    factors,
    keyPackages,
    queuing,
    database,
    work,
    folder,
    logLines,
    advance: (ms) => {
      clock.advancedMs += ms;
    },
    now: () => env.now(),
    runJobs: () => jobs.runAll(),
    restart: async () => {
      await stop();
      return again();
    },
    start: again,
    [Symbol.asyncDispose]: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
      rmSync(`${folder}.keys`, { force: true });
    },
  };
}

/** Counts how often statements are taken up, prepared ones and others. */
function countedDatabase(work: Work, database: Database): Database {
  return {
    transaction: (run, options) => database.transaction(run, options),
    read: (run) => database.read(run),
    prepare: (build) => {
      const statements = database.prepare(build);
      return (tx) => {
        work.statements += 1;
        return statements(tx);
      };
    },
    sql: (tx) => {
      work.statements += 1;
      return database.sql(tx);
    },
    get state() {
      return database.state;
    },
    close: () => database.close(),
  };
}

function countedCrypto(work: Work, random: (length: number) => Bytes) {
  const crypto = createNodeCrypto({ random });
  const verify: typeof crypto.verify = (...parts) => {
    work.signatures += 1;
    return crypto.verify(...parts);
  };
  return { ...crypto, verify };
}

/** Jobs that come when they are called. */
function collectJobs(): Jobs & { runAll(): Promise<void> } {
  const runs: (() => Promise<void> | void)[] = [];
  return {
    every: (_name, _intervalMs, run) => {
      runs.push(run);
    },
    close: () => Promise.resolve(),
    runAll: async () => {
      for (const run of runs) await run();
    },
  };
}
