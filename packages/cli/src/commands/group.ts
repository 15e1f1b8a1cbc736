import { z } from "zod";
import type { ConversationInfo, ConversationKind } from "@treehouse/client-sdk";
import { Option } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { shell } from "../shell.ts";
import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { duration } from "./duration.ts";
import { addResetCommand } from "./group-reset.ts";
import { addRecoveryCommands } from "./group-recovery.ts";
import { aboutText, addAboutCommands } from "./group-about.ts";
import { addServerCommands } from "./group-server.ts";
import { addAuditCommand } from "./group-audit.ts";
import { addEndCommands } from "./group-end.ts";
import { addJoiningCommands } from "./group-joining.ts";
import { addGrantCommand } from "./history-backup.ts";
import { addPolicyCommands } from "./group-policy.ts";
import { addOrganisationCommands } from "./organisation.ts";
import { namingServers } from "./naming-servers.ts";
import { removeMembers } from "./remove-members.ts";
import { report, safetyText } from "./safety.ts";

/** `treehouse group`: conversations and who is in them. */
export function addGroupCommands(cli: Cli): void {
  const noun = cli.program.command("group").description("conversations");
  noun
    .command("create")
    .description("make a conversation and add members")
    .argument("<name>", "only members can read it")
    .option("--add <addresses...>", "who is added at once")
    .addOption(
      new Option("--kind <kind>", "who writes and who may come in")
        .choices(["group", "announcement", "open"])
        .default("group"),
    )
    .action(async (name: string, options: { add?: string[]; kind: ConversationKind }) => {
      if (name.trim() === "") {
        throw new CliFailure(EXIT.usage, "malformed", "a conversation needs a name", {
          help: "One with a single person has none: `treehouse send <address> <text>`.",
        });
      }
      await withCaughtUpClient(cli, async (client) => {
        const { add: members = [], kind } = options;
        const made = await namingServers(client, members, () =>
          client.conversations.create({ name, members, kind }),
        );
        const info = await made.info();
        cli.output().result(info, [info.id, ...describe(info)]);
        cli.output().hint(`Next: treehouse send ${shell(name)} "hello"`);
      });
    });
  noun
    .command("ls")
    .description("list the conversations of this store")
    .action(async () => {
      await withBriefClient(
        cli,
        async (client) => {
          const rows = await client.conversations.list();
          cli
            .output()
            .list("conversations", rows, (row) =>
              [row.id, row.status, oneLine(nameOf(row, client.me.address)), unreadOf(row.unread)]
                .join("  ")
                .trimEnd(),
            );
          if (rows.length === 0) {
            cli.output().hint("There is none. Make one with `treehouse group create <name>`.");
          }
        },
        { offline: true },
      );
    });
  noun
    .command("info")
    .description("members, roles and epoch")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const info = await (await client.conversations.get(reference)).info();
        cli.output().result(info, describe(info));
      });
    });
  noun
    .command("verify")
    .description("show the safety number of a conversation's state, or compare it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--scanned <text>", "what another member's QR code holds, or the digits read out")
    .action(async (reference: string, { scanned }: { scanned?: string }) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (scanned !== undefined) {
          report(cli, reference, await conversation.compareSafetyNumber(scanned));
          return;
        }
        const safety = await conversation.safetyNumber();
        const value = { id: conversation.id, ...safety };
        cli.output().result(value, [`epoch ${safety.epoch}`, ...safetyText(safety)]);
      });
    });
  noun
    .command("ttl")
    .description("how long messages stay, unless their senders say otherwise; or change it for all")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("[duration]", "12h, 7d, 4w; or never")
    .action(async (reference: string, given: string | undefined) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (given !== undefined) {
          const ms = given === "never" ? undefined : duration("ttl", given);
          await conversation.setMessageLifetime(ms);
        }
        const lifetime = await conversation.messageLifetime();
        const text = lifetime === undefined ? "messages stay" : `messages go after ${lifetime} ms`;
        cli.output().result({ id: conversation.id, lifetime: lifetime ?? null }, text);
      });
    });
  addAboutCommands(cli, noun);
  addServerCommands(cli, noun);
  addEndCommands(cli, noun);
  addAuditCommand(cli, noun);
  addJoiningCommands(cli, noun);
  addNoteCommands(cli, noun);
  addGrantCommand(cli, noun);
  addOrganisationCommands(cli, noun);
  addRecoveryCommands(cli, noun);
  addResetCommand(cli, noun);
  addPolicyCommands(cli, noun);
  addMemberCommand(cli, noun, "add", "add members, all or none");
  addMemberCommand(cli, noun, "remove", "remove members");
  noun
    .command("leave")
    .description("leave a conversation; the next commit of a member completes it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.leave();
        cli.output().result({ id: conversation.id }, "Left.");
      });
    });
}

/** What one notes for oneself, on all of one's clients. */
function addNoteCommands(cli: Cli, noun: ReturnType<Cli["program"]["command"]>): void {
  noun
    .command("label")
    .description("call a conversation by a name that only you see; without one it is taken back")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("[name]")
    .action(async (reference: string, name: string | undefined) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.setOwnName(name);
        const info = await conversation.info();
        cli.output().result(info, describe(info));
      });
    });
  noun
    .command("read")
    .description("note on all of your clients that you have read everything")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.markRead((await conversation.info()).position);
        const { id, readPosition } = await conversation.info();
        cli.output().result({ id, readPosition }, `Read up to ${readPosition}.`);
      });
    });
}

function addMemberCommand(
  cli: Cli,
  noun: ReturnType<Cli["program"]["command"]>,
  verb: "add" | "remove",
  description: string,
): void {
  noun
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<addresses...>", "for instance bob@localhost")
    .option("--reason <text>", "for those in the conversation, and for them")
    .action(async (reference: string, addresses: string[], { reason }: { reason?: string }) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (verb === "remove") await removeMembers(client, conversation, addresses, { reason });
        else {
          await namingServers(client, addresses, () => conversation.add(addresses, { reason }));
        }
        const info = await conversation.info();
        cli.output().result(info, describe(info));
      });
    });
}

/** A conversation of two has no name: it is called after whom it is with. */
function nameOf({ name, members }: ConversationInfo, own: string): string {
  if (name !== "") return name;
  const others = members.map(({ address }) => address).filter((address) => address !== own);
  return others.length === 0 ? "(nobody else)" : `with ${others.join(", ")}`;
}

function unreadOf(unread: unknown): string {
  const { messages = 0, mentions = 0 } = unreadSchema.safeParse(unread).data ?? {};
  if (messages === 0) return "";
  return mentions === 0 ? `${messages} unread` : `${messages} unread, ${mentions} mention you`;
}

const unreadSchema = z.object({ messages: z.int(), mentions: z.int() });

function describe(info: ConversationInfo): readonly string[] {
  const members = info.members.map(({ address, role }) => `  ${address} (${oneLine(role)})`);
  const own = info.ownName === undefined ? "" : ` (to you: ${oneLine(info.ownName)})`;
  const [name = "", ...about] = aboutText(info);
  const at = info.server === "" ? "" : `, at ${info.server}`;
  const head = `${name}${own}, epoch ${info.epoch}, ${info.status}${at}`;
  const { deleted } = info;
  const end = deleted && `deleted by ${deleted.by ?? "?"} on ${new Date(deleted.at).toISOString()}`;
  return [head, ...(end === undefined ? [] : [`  ${end}`]), ...about, ...members];
}
