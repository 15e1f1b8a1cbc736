import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  identifierRequestCodec,
  identifierResponseCodec,
  parseClientUri,
  parseDomain,
  parseUserUri,
  peerRoutes,
  Refusal,
} from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import { createPeers, peersMigrations } from "../../src/peers/index.ts";
import type { Peers, PeersOptions } from "../../src/peers/index.ts";
import {
  createHttpServer,
  createNodeEnv,
  openDatabase,
  route,
  tlsAnswer,
  tlsBody,
} from "../../src/platform/index.ts";
import { memorySecrets } from "../secrets.ts";
import type { VirtualClock } from "../streams/virtual-clock.ts";
import type { Database, HttpServer, Jobs, TlsFiles } from "../../src/platform/index.ts";

/** The loopback URLs of all servers of a test, by their names. */
export type Network = Map<Domain, URL>;

/** The peers module behind a real HTTP server, with a clock that tests move. */
export interface Rig {
  readonly domain: Domain;
  readonly url: string;
  readonly peers: Peers;
  readonly database: Database;
  readonly files: ReadonlyMap<string, Bytes>;
  readonly logLines: readonly string[];
  /** What the echo route was asked, by whom. */
  readonly received: readonly { readonly from: Domain; readonly transactionId: string }[];
  /** While it is set, the echo route answers when it resolves. */
  hold: Promise<void> | undefined;
  now(): number;
  /** Moves wall clock and monotonic clock. */
  advance(ms: number): void;
  /** Moves the wall clock alone, as who sets it does. */
  setClock(byMs: number): void;
  runJobs(): Promise<void>;
  /** The metric's value for one reason. */
  refusals(reason: string): Promise<number>;
  /** Stops and starts again on the same data. */
  restart(): Promise<Rig>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type RigOptions = Partial<
  Pick<
    PeersOptions,
    "mode" | "authentication" | "resolve" | "keyAgeMs" | "credentials" | "development"
  >
> & {
  /** Time that stands still, timers included, but for what the test lets pass. */
  readonly virtual?: VirtualClock;
  readonly tls?: { readonly files: TlsFiles; readonly asksForCertificate: boolean };
};

interface Kept {
  readonly database: Database;
  readonly files: Map<string, Bytes>;
  readonly clock: { advancedMs: number; setMs: number };
}

const day = 86_400_000;
export const echoPath = peerRoutes.notify;

export async function openRig(
  name: string,
  network: Network,
  options: RigOptions = {},
): Promise<Rig> {
  const clock = { advancedMs: 0, setMs: 0 };
  const database = openDatabase({
    path: ":memory:",
    env: createNodeEnv({ log: { level: "silent" } }),
    migrations: [peersMigrations],
    onCrash: (error) => {
      throw error;
    },
  });
  return start(parseDomain(name), network, options, { database, files: new Map(), clock });
}

async function start(
  domain: Domain,
  network: Network,
  options: RigOptions,
  kept: Kept,
): Promise<Rig> {
  const { database, files, clock } = kept;
  const logLines: string[] = [];
  const real = createNodeEnv({ log: { level: "debug", write: (line) => logLines.push(line) } });
  const { virtual, tls, ...peersOptions } = options;
  const moved = {
    ...real,
    now: () => real.now() + clock.advancedMs + clock.setMs,
    monotonic: () => real.monotonic() + clock.advancedMs,
  };
  const env = virtual?.over(real) ?? moved;
  const jobs: (() => Promise<void> | void)[] = [];
  const every: Jobs["every"] = (_name, _intervalMs, run) => void jobs.push(run);
  const peers = await createPeers({
    env,
    database,
    jobs: { every },
    domain,
    crypto: createNodeCrypto({ random: (length) => env.random(length) }),
    secrets: memorySecrets(files),
    mode: "open",
    authentication: "signature",
    port: 443,
    keyAgeMs: 90 * day,
    development: network,
    credentials: () => ({ trusted: [], own: undefined }),
    countersigners: () => [{ kid: "countersigner", key: new Uint8Array(32).fill(7) }],
    // No test asks the name servers of the machine that it runs on.
    resolve: () => Promise.reject(new Error("no such name")),
    ...peersOptions,
  });
  const received: { from: Domain; transactionId: string }[] = [];
  const rig = { hold: undefined as Promise<void> | undefined };
  const http: HttpServer = createHttpServer({
    env,
    authenticate: async (token) => (token === "admin" ? admin : undefined),
    trustedProxies: new Set(),
    routes: [
      ...peers.routes,
      route({
        method: "POST",
        path: echoPath,
        access: "peer",
        summary: "Octets back",
        body: tlsBody("Echo", "groupInfoBytesMax"),
        answer: tlsAnswer("Echo"),
        handle: async ({ body, peer }) => {
          received.push({ from: peer.domain, transactionId: peer.transactionId });
          await rig.hold;
          return body;
        },
      }),
      route({
        method: "POST",
        path: peerRoutes.standing,
        access: "peer",
        summary: "No room is known",
        body: tlsBody("StandingRequest"),
        answer: tlsAnswer("StandingResponse"),
        handle: () => {
          throw new Refusal("unknownRoom", "There is no such room.");
        },
      }),
      route({
        method: "POST",
        path: peerRoutes.identifierQuery,
        access: "peer",
        summary: "Nobody is known",
        body: tlsBody("IdentifierRequest"),
        answer: tlsAnswer("IdentifierResponse"),
        handle: ({ body }) => {
          identifierRequestCodec.decode(body);
          return identifierResponseCodec.encode({ status: "notFound" });
        },
      }),
    ],
    upgrades: new Map(),
    version: "test",
    peers: peers.gate,
    ...(tls === undefined ? {} : { tls }),
  });
  const url = await http.listen({ host: "127.0.0.1", port: 0 });
  network.set(domain, new URL(url));
  const stop = async (): Promise<void> => {
    await http.close();
    await peers.close();
  };
  return Object.assign(rig, {
    domain,
    url,
    peers,
    database,
    files,
    logLines,
    received,
    now: () => env.now(),
    setClock: (byMs: number) => {
      clock.setMs += byMs;
    },
    advance: (ms: number) => {
      clock.advancedMs += ms;
    },
    runJobs: async () => {
      for (const run of jobs) await run();
    },
    refusals: async (reason: string) => {
      const { text } = await real.metrics.page();
      const line = `treehouse_federation_refused_total{reason="${reason}"} `;
      return Number(
        text
          .split("\n")
          .find((each) => each.startsWith(line))
          ?.slice(line.length) ?? 0,
      );
    },
    restart: async () => {
      await stop();
      return start(domain, network, options, kept);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await database.close();
    },
  });
}

const admin = {
  id: "1",
  user: parseUserUri("mimi://localhost/u/admin"),
  client: parseClientUri("mimi://localhost/d/admin/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
  admin: true,
  expiresAt: 1,
};
