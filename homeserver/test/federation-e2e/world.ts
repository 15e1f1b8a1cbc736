import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFaultProxy } from "../../../packages/testkit/src/index.ts";
import type { FaultProxy } from "../../../packages/testkit/src/index.ts";
import type { Client } from "../../../client-sdk/src/node.ts";
import { openTestClient } from "../../../client-sdk/test/world/open-client.ts";
import { freePort } from "./free-port.ts";
import { startServerProcess } from "./server.ts";
import type { ServerProcess } from "./server.ts";

const password = "canary-password-7Q2xkLmP9s";

/**
 * Homeservers in processes of their own that know each other, and people with real clients. Every
 * link, from server to server in each direction and from the clients to each server, goes through a
 * fault proxy.
 */
export interface FederatedWorld {
  readonly directory: string;
  server(name: string): ServerProcess;
  readonly servers: readonly ServerProcess[];
  /** What `from` reaches `to` over. */
  link(from: string, to: string): FaultProxy;
  /** What the clients reach their server over. */
  doorOf(name: string): FaultProxy;
  readonly links: readonly FaultProxy[];
  readonly doors: readonly FaultProxy[];
  /** Registers `alice@alpha.example`; the first part of the domain names the server. */
  register(address: string, options?: { readonly invite?: string }): Promise<Client>;
  /** Opens a client that was registered, after it has been closed. */
  open(address: string): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type WorldWish = {
  readonly names: readonly string[];
  readonly seed: number;
  /** Servers of a test's own, by domain, that all of them know. */
  readonly strangers?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
};

export const domainOfName = (name: string): string => `${name}.example`;

export async function startFederatedWorld(wish: WorldWish): Promise<FederatedWorld> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-federation-"));
  const ports = new Map<string, number>();
  for (const name of wish.names) ports.set(name, await freePort());
  const urlOf = (name: string): string => `http://127.0.0.1:${ports.get(name)}`;
  let seed = wish.seed * 1000;
  const proxyTo = (name: string): Promise<FaultProxy> => {
    seed += 1;
    return startFaultProxy({ target: urlOf(name), seed });
  };
  const links = new Map<string, FaultProxy>();
  const doors = new Map<string, FaultProxy>();
  const servers = new Map<string, ServerProcess>();
  const clients: Client[] = [];

  async function close(): Promise<void> {
    for (const proxy of [...links.values(), ...doors.values()]) proxy.set({ link: "up" });
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([...servers.values()].map((server) => server.kill()));
    for (const proxy of [...links.values(), ...doors.values()]) await proxy.close();
    rmSync(directory, { recursive: true, force: true });
  }

  try {
    for (const name of wish.names) {
      doors.set(name, await proxyTo(name));
      for (const to of wish.names) {
        if (to !== name) links.set(`${name} ${to}`, await proxyTo(to));
      }
    }
    const starting = wish.names.map(async (name) => {
      const others = wish.names.filter((to) => to !== name);
      const known = others.map((to) => [domainOfName(to), links.get(`${name} ${to}`)?.url ?? ""]);
      const server = await startServerProcess({
        domain: domainOfName(name),
        directory,
        port: ports.get(name) ?? 0,
        metricsPort: await freePort(),
        peers: { ...Object.fromEntries(known), ...wish.strangers },
        ...(wish.settings === undefined ? {} : { settings: wish.settings }),
      });
      servers.set(name, server);
    });
    // All have to be known before anything can be closed.
    const started = await Promise.allSettled(starting);
    const failed = started.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  } catch (error) {
    await close();
    throw error;
  }

  const open = async (address: string, options: object): Promise<Client> => {
    const client = await openTestClient({
      account: address,
      server: found(doors, serverNameOf(address)).url,
      store: join(directory, `${address}.sqlite`),
      ...options,
    });
    clients.push(client);
    return client;
  };
  return {
    directory,
    server: (name) => found(servers, name),
    servers: [...servers.values()],
    link: (from, to) => found(links, `${from} ${to}`),
    doorOf: (name) => found(doors, name),
    links: [...links.values()],
    doors: [...doors.values()],
    async register(address, { invite } = {}) {
      const register = invite === undefined ? {} : { invite };
      const client = await open(address, { password, register });
      await client.caughtUp();
      return client;
    },
    open: (address) => open(address, {}),
    [Symbol.asyncDispose]: close,
  };
}

function serverNameOf(address: string): string {
  return address.slice(address.indexOf("@") + 1).split(".")[0] ?? "";
}

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw new Error(`there is no ${name}`);
  return one;
}
