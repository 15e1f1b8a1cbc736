import type { ContactInfo } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { addContactKeyCommands } from "./contact-keys.ts";
import { profileLines } from "./profile.ts";

/** `treehouse contact`: who other users are, and who may add whom. */
export function addContactCommands(cli: Cli): void {
  const noun = cli.program.command("contact").description("other users, and who may add whom");
  noun
    .command("find")
    .description("look a user up by full address")
    .argument("<address>")
    .action(async (address: string) => {
      await withBriefClient(cli, async (client) => {
        const found = await client.contacts.find(address);
        const text = [
          found.address,
          `identity key: ${found.identityKey}`,
          `clients: ${found.clients.length}`,
        ];
        cli.output().result(found, text);
      });
    });
  noun
    .command("ls")
    .description("list everybody you ask, let in or block, and who asks you")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const contacts = await client.contacts.list();
        cli.output().list("contacts", contacts, (row) => lineOf(row));
        const waiting = contacts.find(({ state }) => state === "incoming");
        if (waiting !== undefined) {
          cli.output().hint(`Answer with: treehouse contact accept ${waiting.address}, or decline`);
        }
        if (contacts.length === 0) {
          cli.output().hint("There is nobody. Ask with `treehouse contact request <address>`.");
        }
      });
    });
  addShow(cli, noun);
  addRequest(cli, noun);
  noun
    .command("accept")
    .description("agree to be added by who asks")
    .argument("<address>")
    .option("--for <conversation>", "agree to this conversation alone, by its id")
    .action(async (address: string, options: { for?: string }) => {
      await withBriefClient(cli, async (client) => {
        const wish = options.for === undefined ? {} : { conversation: options.for };
        show(cli, await client.contacts.accept(address, wish));
      });
    });
  addAct(cli, noun, "decline", "put a request aside; who asked is not told");
  addAct(cli, noun, "remove", "take back what you asked and agreed to; they are told");
  addAct(cli, noun, "block", "shut somebody out; nobody is told");
  addAct(cli, noun, "unblock", "let somebody be as before");
  addContactKeyCommands(cli, noun);
}

function addShow(cli: Cli, noun: Command): void {
  noun
    .command("show")
    .description("show what somebody says of themselves to you")
    .argument("<address>")
    .action(async (address: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const said = (await client.profile.of(address)) ?? null;
        const lines = profileLines(said ?? {});
        cli.output().result({ address, profile: said }, [address, ...lines]);
      });
    });
}

function addRequest(cli: Cli, noun: Command): void {
  noun
    .command("request")
    .description("ask somebody for leave to add them; they may then add you, too")
    .argument("<address>")
    .option("--note <text>", "shown beside it; servers can read it")
    .option("--for <conversation>", "ask for this conversation alone: id, or name")
    .action(async (address: string, options: { note?: string; for?: string }) => {
      await withBriefClient(cli, async (client) => {
        const { note, for: reference } = options;
        const wish = {
          ...(note === undefined ? {} : { note }),
          ...(reference === undefined
            ? {}
            : { conversation: (await client.conversations.get(reference)).id }),
        };
        show(cli, await client.contacts.request(address, wish));
      });
    });
}

type Act = "decline" | "remove" | "block" | "unblock";

function addAct(cli: Cli, noun: Command, verb: Act, description: string): void {
  noun
    .command(verb)
    .description(description)
    .argument("<address>")
    .action(async (address: string) => {
      await withBriefClient(cli, async (client) => show(cli, await client.contacts[verb](address)));
    });
}

function show(cli: Cli, contact: ContactInfo): void {
  cli.output().result(contact, lineOf(contact));
}

function lineOf(contact: Readonly<Record<string, unknown>>): string {
  const { address, state, note, rooms } = contact;
  const about = Array.isArray(rooms) ? [`(for ${rooms.join(", ")})`] : [];
  const said = typeof note === "string" ? [`"${oneLine(note)}"`] : [];
  return [String(address), String(state), ...about, ...said].join("  ");
}
