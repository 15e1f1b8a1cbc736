import type { Command } from "commander";
import { type Privacy, privacyChangeSchema } from "@treehouse/protocol";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse account privacy`: who may find one, ask and add. */
export function addPrivacyCommands(cli: Cli, account: Command): void {
  const noun = account.command("privacy").description("who may find you, ask and add you");
  noun
    .command("show")
    .description("show who may")
    .action(async () => {
      await withBriefClient(cli, async (client) => show(cli, await client.privacy.get()));
    });
  noun
    .command("set")
    .description("change who may; it holds at once")
    .option("--findable <who>", "everybody, or known: those you let in, asked or share a room with")
    .option("--requests <who>", "everybody or nobody: whose requests reach you")
    .option("--adding <who>", "ownServer, or nobody: who may add you without your leave")
    .action(async (options: Readonly<Record<string, string>>) => {
      const change = privacyChangeSchema.safeParse(options);
      if (!change.success) {
        const [issue] = change.error.issues;
        const text = `--${issue?.path.join("") ?? ""}: ${issue?.message ?? ""}`;
        throw new CliFailure(EXIT.usage, "malformed", text);
      }
      if (Object.keys(options).length === 0) {
        throw new CliFailure(EXIT.usage, "nothingChosen", "there is nothing to change", {
          help: "Name at least one option; `treehouse account privacy set --help` lists them.",
        });
      }
      await withBriefClient(cli, async (client) =>
        show(cli, await client.privacy.set(change.data)),
      );
    });
}

function show(cli: Cli, privacy: Privacy): void {
  const lines = Object.entries(privacy).map(([name, who]) => `${name}: ${who}`);
  cli.output().result(privacy, lines);
}
