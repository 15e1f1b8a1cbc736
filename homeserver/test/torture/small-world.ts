import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../../client-sdk/src/node.ts";
import { openTestClient } from "../../../client-sdk/test/world/open-client.ts";
import { freePort } from "../federation-e2e/free-port.ts";
import { gather } from "../federation-e2e/people.ts";
import { startServerProcess } from "../federation-e2e/server.ts";
import type { ServerProcess, ServerWish } from "../federation-e2e/server.ts";

export const domain = "example.org";
export const registration = { password: "canary-password-7Q2xkLmP9s", register: {} } as const;
export const names = ["ann", "ben"] as const;

/** A server and two clients with a room, all of them at rest, to begin from again and again. */
export type Template = { readonly directory: string; readonly room: string };

/** The same, running. The server is a process of its own. */
export interface SmallWorld {
  readonly directory: string;
  readonly server: ServerProcess;
  readonly room: string;
  open(name: string): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makeTemplate(directory: string): Promise<Template> {
  const server = await startSmallServer(directory);
  const people: Client[] = [];
  try {
    for (const name of names) {
      people.push(await openPerson(directory, server, name, registration));
    }
    return { directory, room: await gather(people, "torture") };
  } finally {
    for (const client of people) await client.close();
    await server.stop();
  }
}

/** Where its server has everything. */
export function serverFolder(directory: string): string {
  return join(directory, domain);
}

export function dataFolder(directory: string): string {
  return join(serverFolder(directory), "data");
}

export function databasePathIn(directory: string): string {
  return join(dataFolder(directory), "treehouse.sqlite");
}

/** Copies the template and starts its server. `under`: see `startProgram`. */
export async function startCopy(
  template: Template,
  directory: string,
  under?: readonly string[],
): Promise<SmallWorld> {
  cpSync(template.directory, directory, { recursive: true });
  return startOver(directory, template.room, under);
}

/** Starts the server over what lies in the folder. */
export async function startOver(
  directory: string,
  room: string,
  under?: readonly string[],
): Promise<SmallWorld> {
  const server = await startSmallServer(directory, under === undefined ? {} : { under });
  const people: Client[] = [];
  return {
    directory,
    server,
    room,
    async open(name) {
      const client = await openPerson(directory, server, name);
      people.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of people) await client.close();
      await server.kill();
    },
  };
}

export async function startSmallServer(
  directory: string,
  more: Pick<ServerWish, "settings" | "under"> = {},
): Promise<ServerProcess> {
  return startServerProcess({
    domain,
    directory,
    port: await freePort(),
    metricsPort: await freePort(),
    peers: {},
    ...more,
    // What is kept aside is copied with each world, and is in every state of the disk.
    settings: { TREEHOUSE__STORAGE__RESERVE_MIB: "1", ...more.settings },
  });
}

export async function openPerson(
  directory: string,
  server: ServerProcess,
  name: string,
  more: { readonly password?: string; readonly register?: object } = {},
): Promise<Client> {
  const client = await openTestClient({
    account: `${name}@${domain}`,
    server: server.url,
    store: join(directory, `${name}.sqlite`),
    ...more,
  });
  await client.caughtUp();
  return client;
}
