import type { JoinLinkInfo, KnockInfo, NewLink } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { duration } from "./duration.ts";
import { wholeNumber } from "./whole-number.ts";

type Noun = ReturnType<Cli["program"]["command"]>;

const anyReference = "id, unique beginning of the id, or name";

type CreateOptions = {
  readonly role?: string;
  readonly expires: string;
  readonly uses?: string;
};

/** `treehouse group link` and `join`: how people come in without being added. */
export function addJoiningCommands(cli: Cli, noun: Noun): void {
  const link = noun.command("link").description("links by which people come in by themselves");
  link
    .command("create")
    .description("make a link; whoever has it comes in while nobody is online")
    .argument("<conversation>", anyReference)
    .option("--role <name>", "what whoever comes in is; by default what everybody is")
    .option("--expires <time>", "12h, 7d, 4w; or never", "7d")
    .option("--uses <number>", "how many people it lets in; by default any number")
    .action(async (reference: string, { role, expires, uses }: CreateOptions) => {
      const wanted: NewLink = {
        ...(role === undefined ? {} : { role }),
        lastsMs: expires === "never" ? null : duration("expires", expires),
        ...(uses === undefined ? {} : { uses: wholeNumber("uses", uses) }),
      };
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        const made = await conversation.links.create(wanted);
        cli.output().result(jsonOf(made), made.link);
        cli.output().hint(`Whoever has it can use it: treehouse group join <link>`);
      });
    });
  link
    .command("ls")
    .description("list the links that are not over")
    .argument("<conversation>", anyReference)
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const links = await (await client.conversations.get(reference)).links.list();
        cli.output().list("links", links.map(jsonOf), (row) => lineOf(row));
      });
    });
  link
    .command("revoke")
    .description("let nobody in by a link any more")
    .argument("<conversation>", anyReference)
    .argument("<id>", "or a unique beginning of it, as `link ls` shows it")
    .action(async (reference: string, id: string) => {
      await withCaughtUpClient(cli, async (client) => {
        await (await client.conversations.get(reference)).links.revoke(id);
        cli.output().result({ revoked: id }, "Revoked.");
      });
    });
  link
    .command("address")
    .description("show where the conversation is: for open ones, and to knock; it lets nobody in")
    .argument("<conversation>", anyReference)
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const address = await (await client.conversations.get(reference)).links.address();
        cli.output().result({ address }, address);
      });
    });
  addKnockCommands(cli, noun);
  noun
    .command("join")
    .description("come into a conversation by a link, or by the address of an open one")
    .argument("<link>", "treehouse:join#… in one piece; quote it, for the shell's sake")
    .action(async (text: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const { id, name, members } = await (await client.conversations.join(text)).info();
        const value = { id, name, members: members.length };
        cli.output().result(value, [id, `${oneLine(name)}, ${members.length} members`]);
      });
    });
}

const saidOf: Record<KnockInfo["identity"], string> = {
  unknown: "never seen here: asking their server when admitted",
  known: "known key",
  verified: "verified key",
  changed: "ANOTHER KEY THAN BEFORE",
};

/** `treehouse group knock`, `knocks`, `admit` and `decline`. */
function addKnockCommands(cli: Cli, noun: Noun): void {
  noun
    .command("knock")
    .description("ask those in a conversation to be let in; again: look whether they did")
    .argument("<address>", "what `group link address` shows its members")
    .option("--withdraw", "ask no more")
    .action(async (text: string, { withdraw = false }: { readonly withdraw?: boolean }) => {
      await withCaughtUpClient(cli, async (client) => {
        if (withdraw) {
          await client.conversations.withdrawKnock(text);
          cli.output().result({ state: "withdrawn" }, "Withdrawn.");
          return;
        }
        const state = await client.conversations.knock(text);
        cli
          .output()
          .result({ state }, state === "joined" ? "You are in." : "Waiting for an answer.");
      });
    });
  noun
    .command("knocks")
    .description("list who asks to be let in")
    .argument("<conversation>", anyReference)
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const knocks = await (await client.conversations.get(reference)).knocks.list();
        const rows = knocks.map(({ address, at, identity }) => ({ address, at, identity }));
        cli
          .output()
          .list("knocks", rows, ({ address, at, identity }) =>
            [address, new Date(at).toISOString(), saidOf[identity]].join("  "),
          );
      });
    });
  for (const [verb, description] of [
    ["admit", "let somebody in who has knocked"],
    ["decline", "show somebody's knock no more; they are not told"],
  ] as const) {
    noun
      .command(verb)
      .description(description)
      .argument("<conversation>", anyReference)
      .argument("<address>", "as `group knocks` shows it")
      .action(async (reference: string, address: string) => {
        await withCaughtUpClient(cli, async (client) => {
          await (await client.conversations.get(reference)).knocks[verb](address);
          cli.output().result({ address }, verb === "admit" ? "They may come in." : "Declined.");
        });
      });
  }
}

function jsonOf({ id, link, role, createdBy, expiresAt, usesMax, uses }: JoinLinkInfo) {
  return {
    id,
    link: link ?? null,
    role,
    createdBy,
    expiresAt: expiresAt ?? null,
    usesMax: usesMax ?? null,
    uses: uses ?? null,
    usesLeft: usesMax === undefined || uses === undefined ? null : Math.max(0, usesMax - uses),
  };
}

function lineOf(row: Readonly<Record<string, unknown>>): string {
  const { id, role, createdBy, expiresAt } = row;
  const until =
    typeof expiresAt === "number" ? `until ${new Date(expiresAt).toISOString()}` : "for good";
  return [String(id).slice(0, 12), role, `by ${String(createdBy)}`, until, usesOf(row)].join("  ");
}

function usesOf({ uses, usesMax, usesLeft }: Readonly<Record<string, unknown>>): string {
  const used = typeof uses === "number" ? `${uses} used` : "uses not known now";
  if (typeof usesMax !== "number") return used;
  return typeof usesLeft === "number" ? `${used}, ${usesLeft} left` : `${used}, ${usesMax} at most`;
}
