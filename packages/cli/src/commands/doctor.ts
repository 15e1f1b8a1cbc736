import { EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse doctor`: is everything between this store and its server in order? */
export function addDoctorCommand(cli: Cli): void {
  cli.program
    .command("doctor")
    .description("check server, session, KeyPackages and backlog (exit 10 warnings, 11 failures)")
    .action(async () => {
      await withBriefClient(
        cli,
        async (client) => {
          const checks = await client.diagnose();
          cli
            .output()
            .list("checks", checks, ({ name, result, text, fix }) =>
              [`${result.padEnd(8)}${name}: ${text}`, fix]
                .filter((part) => part !== "")
                .join("\n        "),
            );
          if (checks.some(({ result }) => result === "failed")) cli.exitWith(EXIT.failures);
          else if (checks.some(({ result }) => result === "warning")) cli.exitWith(EXIT.warnings);
        },
        { offline: true },
      );
    });
}
