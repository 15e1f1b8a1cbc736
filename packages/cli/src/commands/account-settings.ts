import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";

/** `treehouse account settings` and `set`: what one has chosen, the same on all clients. */
export function addAccountSettings(cli: Cli, noun: Command): void {
  noun
    .command("settings")
    .description("show what you have chosen for all of your clients")
    .action(async () => {
      await withCaughtUpClient(cli, async (client) => show(cli, await client.settings.get()));
    });
  noun
    .command("set")
    .description("choose a setting for all of your clients")
    .argument("<setting>", "blockOnKeyChange or readReceipts")
    .argument("<value>", "on or off")
    .action(async (setting: string, value: string) => {
      const on = readSwitch(value);
      await withBriefClient(cli, async (client) => {
        const settings = await client.settings.get();
        if (!Object.hasOwn(settings, setting)) {
          throw new CliFailure(EXIT.usage, "unknownSetting", `there is no setting "${setting}"`, {
            help: `There are: ${Object.keys(settings).join(", ")}.`,
          });
        }
        show(cli, await client.settings.set({ [setting]: on }));
      });
    });
}

function show(cli: Cli, settings: Readonly<Record<string, boolean>>): void {
  const lines = Object.entries(settings).map(([name, on]) => `${name}: ${on ? "on" : "off"}`);
  cli.output().result(settings, lines.join("\n"));
}

function readSwitch(value: string): boolean {
  if (value === "on") return true;
  if (value === "off") return false;
  throw new CliFailure(EXIT.usage, "malformed", `"${value}" is neither on nor off`);
}
