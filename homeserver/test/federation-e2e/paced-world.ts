import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { openClient } from "../../../client-sdk/src/client/index.ts";
import type { Client } from "../../../client-sdk/src/client/index.ts";
import { createNodeEnv as createSdkEnv } from "../../../client-sdk/src/environment/node.ts";
import { openNodeStore } from "../../../client-sdk/src/storage-sqlite/index.ts";
import { cheap } from "../../../client-sdk/test/world/open-client.ts";
import { startFaultProxy } from "../../../packages/testkit/src/index.ts";
import type { FaultProxy } from "../../../packages/testkit/src/index.ts";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Homeserver } from "../../src/index.ts";
import { PacedClock } from "./paced-clock.ts";

/** Two homeservers and their clients in this process, over real sockets, by one clock of the test's. */
export interface PacedWorld {
  readonly clock: PacedClock;
  readonly links: readonly FaultProxy[];
  register(address: string): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
}

const domains = ["alpha.example", "beta.example"].map(parseDomain);

export async function startPacedWorld(): Promise<PacedWorld> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-paced-"));
  const clock = new PacedClock();
  const servers = new Map<Domain, Homeserver>();
  const links: FaultProxy[] = [];
  const clients: Client[] = [];
  const ways = new Map(domains.map((domain) => [domain, new Map<Domain, URL>()]));
  for (const domain of domains) {
    const config = loadConfig({
      overrides: {
        server: { port: 0, domain },
        storage: { directory: join(directory, domain), reserve_mib: 1 },
        metrics: { enabled: false },
        limits: {
          registrations_per_address: 10_000,
          key_package_uploads: 10_000,
          claims_per_pair: 10_000,
        },
        registration: { mode: "open" },
      },
    });
    const env = clock.over(createNodeEnv({ log: { level: "error" } }));
    const developmentPeers = ways.get(domain) ?? new Map();
    servers.set(domain, await createHomeserver({ config, env, developmentPeers }));
  }
  for (const [from, known] of ways) {
    for (const [to, server] of servers) {
      if (from === to) continue;
      const link = await startFaultProxy({ target: server.url, seed: 1 });
      link.onArrived(clock.note);
      links.push(link);
      known.set(to, new URL(link.url));
    }
  }

  return {
    clock,
    links,
    async register(address) {
      const { env, close } = createSdkEnv();
      const paced = clock.over(env);
      const server = servers.get(parseDomain(address.slice(address.indexOf("@") + 1)));
      const client = await openClient(
        {
          env: paced,
          crypto: createNodeCrypto({ random: env.random }),
          ...cheap,
          openStore: (path) => openNodeStore(path, undefined, env.random),
          close,
        },
        {
          account: address,
          password: "a password for the hour",
          register: {},
          server: server?.url ?? "",
          store: join(directory, `${address}.sqlite`),
        },
      );
      client.on("stored", clock.note);
      clients.push(client);
      await clock.until(client.caughtUp());
      return client;
    },
    async [Symbol.asyncDispose]() {
      const closing = async (): Promise<void> => {
        await Promise.all(clients.map((client) => client.close()));
        await Promise.all([...servers.values()].map((server) => server[Symbol.asyncDispose]()));
      };
      await clock.until(closing());
      for (const link of links) await link.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
