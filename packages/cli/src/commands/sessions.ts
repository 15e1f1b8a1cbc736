import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse account sessions`: who is logged in, and how to end it. */
export function addSessionCommands(cli: Cli, account: Command): void {
  const noun = account.command("sessions").description("who is logged in to the account");
  noun
    .command("ls")
    .description("list the sessions, newest first")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const sessions = await client.sessions.list();
        cli.output().list("sessions", sessions, (session) => {
          const { id, clientName = "(no name)", usedAt, current } = session;
          // The server notes a use once in a while only.
          const used = current ? "in use now" : `last used ${new Date(usedAt).toISOString()}`;
          return `${id}  ${oneLine(clientName)}  ${used}${current ? "  (this one)" : ""}`;
        });
      });
    });
  noun
    .command("revoke")
    .description("end a session at once, or all but this one")
    .argument("[id]", "as `sessions ls` shows it")
    .option("--others", "all sessions but this one")
    .action(async (id: string | undefined, { others }: { others?: boolean }) => {
      if ((id === undefined) === (others !== true)) {
        const message = "name one session, or say --others";
        const help = "`treehouse account sessions ls` lists them.";
        throw new CliFailure(EXIT.usage, "usage", message, { help });
      }
      await withBriefClient(cli, async (client) => {
        if (id === undefined) {
          const ended = await client.sessions.revokeOthers();
          const text = ended === 1 ? "Ended 1 session." : `Ended ${ended} sessions.`;
          cli.output().result({ ended }, text);
          return;
        }
        await client.sessions.revoke(id);
        cli.output().result({ ended: 1, id }, "Ended the session.");
      });
    });
}
