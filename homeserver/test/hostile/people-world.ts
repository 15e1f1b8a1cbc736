import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, Conversation } from "../../../client-sdk/src/node.ts";
import { openTestClient } from "../../../client-sdk/test/world/open-client.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Homeserver } from "../../src/index.ts";

export const password = "canary-password-7Q2xkLmP9s";

/** A whole homeserver in this process, its log, and people with real clients. */
export interface PeopleWorld {
  readonly homeserver: Homeserver;
  readonly directory: string;
  readonly logLines: readonly string[];
  register(name: string): Promise<Client>;
  /** Opens a client that is registered already. */
  open(name: string): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startPeopleWorld(): Promise<PeopleWorld> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-system-"));
  const logLines: string[] = [];
  const config = loadConfig({
    overrides: {
      server: { port: 0, domain: "example.org" },
      storage: { directory: join(directory, "data"), reserve_mib: 1 },
      metrics: { port: 0 },
      limits: {
        registrations_per_address: 10_000,
        key_package_uploads: 10_000,
        claims_per_pair: 10_000,
      },
      registration: { mode: "open" },
    },
  });
  const log = { level: "debug", write: (line: string) => void logLines.push(line) } as const;
  const homeserver = await createHomeserver({ config, env: createNodeEnv({ log }) });
  const clients: Client[] = [];
  const keep = (client: Client): Client => {
    clients.push(client);
    return client;
  };
  return {
    homeserver,
    directory,
    logLines,
    register: async (name) => keep(await openClient(homeserver.url, directory, name, true)),
    open: async (name) => keep(await openClient(homeserver.url, directory, name, false)),
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      await homeserver[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A client with a store of its own, connected and with all that the server holds for it. */
export async function openClient(
  server: string,
  directory: string,
  name: string,
  register: boolean,
): Promise<Client> {
  const client = await openTestClient({
    account: `${name}@example.org`,
    server,
    store: join(directory, `${name}.sqlite`),
    ...(register ? { password, register: {} } : {}),
  });
  await client.caughtUp();
  return client;
}

/** The conversation, once this client is in it. */
export async function joined(client: Client, id: string): Promise<Conversation> {
  await until(client, async () => {
    const known = await client.conversations.list();
    return known.some((one) => one.id === id && one.status === "joined");
  });
  return client.conversations.get(id);
}

/** The texts of a conversation in its order. */
export async function textsOf(client: Client, id: string): Promise<readonly string[]> {
  const conversation = await client.conversations.get(id);
  const items = await conversation.history({ limit: 100_000 });
  return items.flatMap((item) => (item.kind === "message" ? [item.text] : []));
}

/** Everything that the client could not read or did not like. */
export async function faultsOf(client: Client, id: string): Promise<readonly string[]> {
  const conversation = await client.conversations.get(id);
  const items = await conversation.history({ limit: 100_000 });
  return items.flatMap((item) => (item.kind === "fault" ? [`${item.code} ${item.text}`] : []));
}

/** Resolves once all clients have the same epoch and its authenticator; answers the epoch. */
export async function converged(clients: readonly Client[], id: string): Promise<number> {
  for (;;) {
    for (const client of clients) await client.caughtUp();
    const infos = await Promise.all(
      clients.map(async (client) => (await client.conversations.get(id)).info()),
    );
    const states = new Set(infos.map((info) => `${info.epoch} ${info.epochAuthenticator}`));
    const [first] = infos;
    if (states.size === 1 && first !== undefined) return first.epoch;
    const epochs = new Set(infos.map(({ epoch }) => epoch));
    if (epochs.size === 1) throw new Error("the same epoch with different secrets");
  }
}
