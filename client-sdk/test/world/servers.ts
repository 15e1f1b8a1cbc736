import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import type { Homeserver } from "@treehouse/homeserver";
import { type Domain, parseDomain } from "@treehouse/protocol";

import { Client, type NodeOptions } from "../../src/node.ts";
import { password } from "./server.ts";

/** One of several real homeservers in this process, each over a directory of its own. */
export interface FederatedServer {
  readonly domain: Domain;
  readonly url: string;
  readonly directory: string;
  /** The server that runs now. */
  current(): Homeserver;
  stop(): Promise<void>;
  /** Starts again over the same data and on the same port. */
  start(): Promise<void>;
  register(name: string, options?: Partial<NodeOptions>): Promise<Client>;
  open(name: string, options?: Partial<NodeOptions>): Promise<Client>;
}

export interface FederatedServers extends AsyncDisposable {
  at(index: number): FederatedServer;
}

/** Starts a server for each domain; all of them can reach one another, and nobody else. */
export async function startServers(...names: readonly string[]): Promise<FederatedServers> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-federation-"));
  const urls = new Map<Domain, URL>();
  const servers: FederatedServer[] = [];
  const dispose = async () => {
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const name of names) servers.push(await startOne(parseDomain(name), directory, urls));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    at(index) {
      const server = servers[index];
      if (server === undefined) throw new Error(`there is no server ${index}`);
      return server;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function startOne(
  domain: Domain,
  parent: string,
  urls: Map<Domain, URL>,
): Promise<FederatedServer> {
  const directory = join(parent, domain);
  const base = defaultConfig();
  let port = 0;
  const start = () =>
    createHomeserver({
      config: {
        ...base,
        server: { ...base.server, domain, port },
        storage: { ...base.storage, directory: join(directory, "data") },
        metrics: { ...base.metrics, enabled: false },
        registration: { ...base.registration, mode: "open" as const },
      },
      env: createNodeEnv({ log: { level: "error" } }),
      developmentPeers: urls,
    });
  let server: Homeserver | undefined = await start();
  const { url } = server;
  urls.set(domain, new URL(url));
  port = Number(new URL(url).port);
  const open = (name: string, options: Partial<NodeOptions> = {}) =>
    Client.open({
      account: `${name}@${domain}`,
      server: url,
      store: join(directory, `${name}.sqlite`),
      ...options,
    });
  return {
    domain,
    url,
    directory,
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
