import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import type { Homeserver } from "@treehouse/homeserver";
import { type Domain, parseDomain } from "@treehouse/protocol";

import type { Client, NodeOptions } from "../../src/node.ts";
import { openTestClient } from "./open-client.ts";

export const password = "correct horse battery staple";

/** A real homeserver in this process, over a directory of its own. */
export interface RunningServer {
  readonly domain: Domain;
  readonly url: string;
  readonly directory: string;
  /** The server that runs now. */
  current(): Homeserver;
  /** Those that were opened here, also if they are closed again. */
  readonly clients: Client[];
  /** The store of a client that was registered or opened here. */
  path(name: string): string;
  stop(): Promise<void>;
  /** Starts again over the same data and on the same port. */
  start(): Promise<void>;
  register(name: string, options?: ClientOptions): Promise<Client>;
  open(name: string, options?: ClientOptions): Promise<Client>;
}

export type ClientOptions = Partial<NodeOptions> & {
  /** The network address of a client that shares it with nobody here. */
  readonly from?: string;
};

export type ServerOptions = {
  /** Of the server that takes mail. */
  readonly smtpUrl?: string;
  /** Whose pages may use its API. */
  readonly webOrigins?: readonly string[];
};

/** Closes the clients that were opened here, and the server. */
export interface TestServer extends RunningServer, AsyncDisposable {}

/** One server, and nobody else. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-sdk-"));
  const server = await runServer(parseDomain("localhost"), directory, undefined, options);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) await client.close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts a server; `peers` says where other servers are, and is read whenever one is looked for. */
export async function runServer(
  domain: Domain,
  directory: string,
  peers?: ReadonlyMap<Domain, URL>,
  { smtpUrl = "", webOrigins = [] }: ServerOptions = {},
): Promise<RunningServer> {
  const base = defaultConfig();
  let port = 0;
  const start = () =>
    createHomeserver({
      config: {
        ...base,
        server: {
          ...base.server,
          domain,
          port,
          web_origins: [...webOrigins],
          // Of a crowd each says where it comes from.
          trusted_proxies: ["127.0.0.1", "::1"],
        },
        storage: { directory: join(directory, "data"), reserve_mib: 1 },
        metrics: { ...base.metrics, enabled: false },
        // Everybody here comes from one address, and tests claim as fast as they can.
        limits: {
          registrations_per_address: 10_000,
          key_package_uploads: 10_000,
          claims_per_pair: 10_000,
        },
        registration: { ...base.registration, mode: "open" as const },
        mail: { ...base.mail, smtp_url: smtpUrl, from: smtpUrl && "chat@example.org" },
      },
      env: createNodeEnv({ log: { level: "error", write: writeUnexpected } }),
      ...(peers === undefined ? {} : { developmentPeers: peers }),
    });
  let server: Homeserver | undefined = await start();
  const { url } = server;
  port = Number(new URL(url).port);
  const path = (name: string) => join(directory, `${name}.sqlite`);
  const clients: Client[] = [];
  const open = async (name: string, { from, ...options }: ClientOptions = {}) => {
    const account = `${name}@${domain}`;
    const placed = { account, server: url, store: path(name), ...options };
    const client = await openTestClient(placed, from);
    clients.push(client);
    return client;
  };
  return {
    domain,
    url,
    directory,
    clients,
    path,
    current() {
      if (server === undefined) throw new Error("the server is stopped");
      return server;
    },
    async stop() {
      await server?.[Symbol.asyncDispose]();
      server = undefined;
    },
    async start() {
      server ??= await start();
    },
    async register(name, options = {}) {
      const client = await open(name, { password, register: {}, ...options });
      await client.caughtUp();
      return client;
    },
    open,
  };
}

/** Errors, but for what a server says whose data a test has put back on purpose. */
function writeUnexpected(line: string): void {
  if (!line.includes('"msg":"dataSetBack"')) process.stderr.write(line);
}
