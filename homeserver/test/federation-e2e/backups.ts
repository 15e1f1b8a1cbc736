import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../../client-sdk/src/node.ts";
import { runProgram } from "../program/run.ts";
import { until } from "./people.ts";
import type { ServerProcess } from "./server.ts";

const variablesOf = ({ domain }: ServerProcess) => ({
  TREEHOUSE__SERVER__DOMAIN: domain,
  TREEHOUSE_BACKUP_PASSPHRASE: "four random words here",
});

/** Makes a backup of a server as an operator does, whether it runs or not; answers its path. */
export async function backUp(server: ServerProcess, name: string): Promise<string> {
  const path = join(server.data, "..", name);
  const args = ["backup", path, "--data", server.data];
  const { code, stderr } = await runProgram(args, { variables: variablesOf(server) });
  if (code !== 0) throw new Error(stderr);
  return path;
}

/** The server is lost with its disk, and comes back from a backup on the same port. */
export async function loseAndRestore(
  server: ServerProcess,
  backup: string,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  await server.kill();
  renameSync(server.data, `${server.data}-lost-${performance.now()}`);
  const args = ["restore", backup, "--data", server.data];
  const { code, stderr } = await runProgram(args, { variables: variablesOf(server) });
  if (code !== 0) throw new Error(stderr);
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
