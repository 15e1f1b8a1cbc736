import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Domain, parseDomain } from "@treehouse/protocol";

import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import { type RunningServer, runServer, type ServerOptions } from "./server.ts";

export interface FederatedServers extends AsyncDisposable {
  at(index: number): RunningServer;
  /** How the other servers come to this one, if they were started with `cutAfter`. */
  wayTo(index: number): CuttingProxy;
}

/** Starts a server for each domain; all of them can reach one another, and nobody else. */
export function startServers(...names: readonly string[]): Promise<FederatedServers> {
  return startServersWith({}, names);
}

export async function startServersWith(
  {
    cutAfter,
    ...options
  }: ServerOptions & {
    /** After so many octets the connection between two servers breaks that carries them. */
    readonly cutAfter?: number;
  },
  names: readonly string[],
): Promise<FederatedServers> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-federation-"));
  const urls = new Map<Domain, URL>();
  const servers: RunningServer[] = [];
  const links: CuttingProxy[] = [];
  const dispose = async () => {
    for (const link of links) await link[Symbol.asyncDispose]();
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const domain of names.map(parseDomain)) {
      const server = await runServer(domain, join(directory, domain), urls, options);
      servers.push(server);
      urls.set(domain, new URL(server.url));
      if (cutAfter === undefined) continue;
      const link = await startCuttingProxy(() => server.url);
      link.cutAfter = cutAfter;
      links.push(link);
      urls.set(domain, new URL(link.url));
    }
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
    wayTo(index) {
      const link = links[index];
      if (link === undefined) throw new Error(`the way to server ${index} cannot be cut`);
      return link;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
