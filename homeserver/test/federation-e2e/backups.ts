import { renameSync } from "node:fs";
import { join } from "node:path";
import { parseDomain } from "@treehouse/protocol";
import type { Client } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import {
  createLeftovers,
  makeBackup,
  parseKeyFile,
  restoreBackup,
} from "../../src/backup/index.ts";
import { migrations } from "../../src/migrations.ts";
import { createNodeEnv } from "../../src/platform/index.ts";
import type { ServerProcess } from "./server.ts";

const env = createNodeEnv({ log: { level: "silent" } });

/** The key of all backups here, as a key file holds it. */
export const keyDigits = "5a".repeat(32);

/** What the program's commands do: a process for each would cost more than they do. */
const common = ({ domain, data }: ServerProcess) => ({
  secret: parseKeyFile(keyDigits),
  migrations,
  leftovers: createLeftovers(),
  directory: data,
  domain: parseDomain(domain),
});

/** Makes a backup of a server, whether it runs or not; answers its path. */
export async function backUp(server: ServerProcess): Promise<string> {
  const to = join(server.data, "..", `backup-${performance.now()}`);
  const made = await makeBackup({ ...common(server), env, to, software: "0.1.0" });
  return made.path;
}

/** The server is lost with its disk, and comes back from a backup on the same port. */
export async function loseAndRestore(
  server: ServerProcess,
  backup: string,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  await server.kill();
  renameSync(server.data, `${server.data}-lost-${performance.now()}`);
  await restoreBackup({ ...common(server), path: backup, dryRun: false });
  await meanwhile();
  await server.start();
}

/** Resolves once all of them are in the same epoch of the same group. */
export async function agree(people: readonly Client[], id: string): Promise<void> {
  const stateOf = async (client: Client) =>
    (await (await client.conversations.get(id)).info()).epochAuthenticator;
  const [first, ...others] = people;
  if (first === undefined) throw new Error("nobody");
  for (const other of others) {
    await until(other, async () => (await stateOf(other)) === (await stateOf(first)));
  }
}
