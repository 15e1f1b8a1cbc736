import type { Check } from "@treehouse/client-sdk";

import { EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";

/**
 * `treehouse doctor`: is everything between this store and its server in order? How the conversations
 * are doing is seen once all that waits was read, so that this comes last, and not without a server.
 */
export function addDoctorCommand(cli: Cli): void {
  cli.program
    .command("doctor")
    .description(
      "check server, session, KeyPackages, backlog and conversations (exit 10 warnings, 11 failures)",
    )
    .action(async () => {
      const before = await withBriefClient(cli, (client) => client.diagnose(), { offline: true });
      const isReached = before.every(({ result }) => result !== "failed");
      const after = isReached
        ? await withCaughtUpClient(cli, (client) => client.diagnose())
        : before;
      const checks = [
        ...before.filter((check) => !isOfConversations(check)),
        ...after.filter(isOfConversations),
      ];
      cli
        .output()
        .list("checks", checks, ({ name, result, text, fix }) => [
          `${result.padEnd(8)}${name}: ${text}`,
          ...(fix === "" ? [] : [`        ${fix}`]),
        ]);
      if (checks.some(({ result }) => result === "failed")) cli.exitWith(EXIT.failures);
      else if (checks.some(({ result }) => result === "warning")) cli.exitWith(EXIT.warnings);
    });
}

function isOfConversations({ name, conversation }: Check): boolean {
  return name === "conversations" || conversation !== undefined;
}
