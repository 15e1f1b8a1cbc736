import type { Invite } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

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
      await withBriefClient(cli, async (client) => {
        const made = await client.admin.createInvite({
          uses,
          ...(days === undefined ? {} : { expiresAt: Date.now() + days * dayMs }),
        });
        cli.output().result(made, made.token ?? "");
        cli
          .output()
          .hint(
            "Whoever has this token can register: " +
              "treehouse --context <name> account register <address> --invite <token>",
          );
      });
    });
  invite
    .command("ls")
    .description("list the invites, used up or not")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const rows: readonly Invite[] = await client.admin.invites();
        cli.output().list("invites", rows, (row) => {
          const { expiresAt } = row;
          const until =
            typeof expiresAt === "number" ? `, until ${new Date(expiresAt).toISOString()}` : "";
          return `${row["id"]}  ${String(row["usesLeft"])} uses left${until}`;
        });
      });
    });
  invite
    .command("revoke")
    .description("make an invite useless")
    .argument("<id>", "id, or a unique beginning of it")
    .action(async (asked: string) => {
      await withBriefClient(cli, async (client) => {
        const id = onlyOne(
          asked,
          (await client.admin.invites()).map((row) => row.id),
        );
        await client.admin.revokeInvite(id);
        cli.output().result({ id }, "Revoked.");
      });
    });
}

function onlyOne(asked: string, ids: readonly string[]): string {
  const matches = ids.includes(asked) ? [asked] : ids.filter((id) => id.startsWith(asked));
  const [only, another] = matches;
  if (only !== undefined && another === undefined) return only;
  const found = only === undefined ? "no invite" : "more than one invite";
  throw new CliFailure(EXIT.notFound, "unknownInvite", `there is ${found} "${asked}"`, {
    help: "`treehouse admin invite ls` lists them.",
  });
}
