import type { Invite } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withClient } from "./cli.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** `treehouse admin invite`: who may register at this server. For administrators. */
export function addAdminCommands(cli: Cli): void {
  const invite = cli.program
    .command("admin")
    .description("for administrators of the server")
    .command("invite")
    .description("invites to register");
  invite
    .command("create")
    .description("make an invite; its token is shown once")
    .option("--uses <number>", "how many accounts it is good for", "1")
    .option("--days <number>", "how many days it is good for")
    .action(async (options: { uses: string; days?: string }) => {
      const uses = wholeNumber("--uses", options.uses);
      const days = options.days === undefined ? undefined : wholeNumber("--days", options.days);
      await withClient(cli, async (client) => {
        const made = await client.admin.createInvite({
          uses,
          ...(days === undefined ? {} : { expiresAt: Date.now() + days * dayMs }),
        });
        cli.output().result(made, made.token ?? "");
      });
    });
  invite
    .command("ls")
    .description("list the invites that can still be used")
    .action(async () => {
      await withClient(cli, async (client) => {
        const rows: readonly Invite[] = await client.admin.invites();
        cli
          .output()
          .list("invites", rows, (row) => `${String(row["id"])}  ${String(row["usesLeft"])}`);
      });
    });
  invite
    .command("revoke")
    .description("make an invite useless")
    .argument("<id>")
    .action(async (id: string) => {
      await withClient(cli, async (client) => {
        await client.admin.revokeInvite(id);
        cli.output().result({ id }, "Revoked.");
      });
    });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CliFailure(EXIT.usage, "badNumber", `${name} takes a whole number above 0`);
}
