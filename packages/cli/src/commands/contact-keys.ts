import type { ContactIdentity, ContactSafety } from "@treehouse/client-sdk";
import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { report, safetyText } from "./safety.ts";

/** `treehouse contact verify`, `keys` and `trust`: whether a key is who it should be. */
export function addContactKeyCommands(cli: Cli, noun: Command): void {
  noun
    .command("verify")
    .description("show the safety number with somebody, or compare it with theirs")
    .argument("<address>")
    .option("--scanned <text>", "what their QR code holds, or the digits that they read out")
    .option("--mark", "you have compared the digits by eye, and they are the same")
    .option("--fingerprint", "show the identity key too")
    .action(async (address: string, options: VerifyOptions) => {
      await withBriefClient(cli, async (client) => {
        const shown = await client.contacts.safetyNumber(address);
        if (options.scanned !== undefined) {
          report(cli, shown.address, await client.contacts.verify(address, options.scanned));
          return;
        }
        if (options.mark === true) await client.contacts.acceptKey(shown, { verified: true });
        const safety = await client.contacts.safetyNumber(address);
        const key = options.fingerprint === true ? [`identity key: ${safety.identityKey}`] : [];
        cli.output().result(safety, [stateOf(safety), ...safetyText(safety), ...key]);
        if (safety.verifiedAt !== undefined) return;
        cli.output().hint(`Compare the digits with ${address} by other means, then add --mark.`);
      });
    });
  noun
    .command("keys")
    .description("list whose identity key is known, compared or changed; needs no server")
    .action(async () => {
      await withBriefClient(
        cli,
        async (client) => {
          const known = await client.contacts.identities();
          cli.output().list("identities", known, stateOf);
        },
        { offline: true },
      );
    });
  noun
    .command("label")
    .description("call somebody by a name that only you see; without one it is taken back")
    .argument("<address>")
    .argument("[label]")
    .action(async (address: string, label: string | undefined) => {
      await withBriefClient(cli, async (client) => {
        await client.contacts.setLabel(address, label);
        const text = label === undefined ? `${address} has no label.` : `${address}: ${label}`;
        cli.output().result({ address, label: label ?? null }, text);
      });
    });
  noun
    .command("trust")
    .description("accept somebody's new identity key without comparing it")
    .argument("<address>")
    .action(async (address: string) => {
      await withBriefClient(cli, async (client) => {
        const safety = await client.contacts.safetyNumber(address);
        await client.contacts.acceptKey(safety);
        cli
          .output()
          .result(
            { address: safety.address, identityKey: safety.identityKey },
            `The key of ${safety.address} is accepted. Compare it: treehouse contact verify ${address}`,
          );
      });
    });
}

type VerifyOptions = {
  readonly scanned?: string;
  readonly mark?: boolean;
  readonly fingerprint?: boolean;
};

function stateOf(known: ContactIdentity | ContactSafety): string {
  const { changed, verifiedAt } = known;
  const label = "label" in known && known.label !== undefined ? ` (${known.label})` : "";
  const address = `${known.address}${label}`;
  if (changed) return `${address}  the key has CHANGED and is not accepted`;
  if (verifiedAt === undefined) return `${address}  not compared yet`;
  return `${address}  compared ${new Date(verifiedAt).toISOString()}`;
}
