import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

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
    .argument(
      "<setting>",
      "autoDownloadBytes, blockOnKeyChange, deliveryReceipts, presence, readReceipts or typing",
    )
    .argument(
      "<value>",
      "on or off; presence: contacts or nobody; autoDownloadBytes: a number or off",
    )
    .action(async (setting: string, value: string) => {
      const chosen = readChosen(setting, value);
      await withBriefClient(cli, async (client) => {
        const settings = await client.settings.get();
        if (!Object.hasOwn(settings, setting)) {
          throw new CliFailure(EXIT.usage, "unknownSetting", `there is no setting "${setting}"`, {
            help: `There are: ${Object.keys(settings).join(", ")}.`,
          });
        }
        show(cli, await client.settings.set({ [setting]: chosen }));
      });
    });
}

function show(cli: Cli, settings: Readonly<Record<string, boolean | number | string>>): void {
  const wordOf = (value: boolean | number | string) =>
    typeof value === "boolean" ? (value ? "on" : "off") : String(value);
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${wordOf(value)}`);
  cli.output().result(settings, lines);
}

function readChosen(setting: string, value: string): boolean | number | string {
  if (setting === "presence") return readWord(value);
  if (setting !== "autoDownloadBytes") return readSwitch(value);
  return value === "off" ? 0 : wholeNumber(setting, value);
}

function readWord(value: string): string {
  if (["contacts", "nobody"].includes(value)) return value;
  throw new CliFailure(EXIT.usage, "malformed", `"${value}" is neither contacts nor nobody`);
}

function readSwitch(value: string): boolean {
  if (value === "on") return true;
  if (value === "off") return false;
  throw new CliFailure(EXIT.usage, "malformed", `"${value}" is neither on nor off`);
}
