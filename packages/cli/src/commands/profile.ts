import { readFile } from "node:fs/promises";

import type { ProfileChange } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";

/** `treehouse account profile`: what one says of oneself to others. */
export function addProfileCommands(cli: Cli, account: Command): void {
  const noun = account.command("profile").description("what you say of yourself, and to whom");
  noun
    .command("show")
    .description("show what you say, and who may see it")
    .action(async () => {
      await withCaughtUpClient(cli, async (client) => show(cli, await client.profile.get()));
    });
  noun
    .command("set")
    .description("change what you say; an empty text takes it back")
    .option("--name <text>", "how you want to be called")
    .option("--status <text>", "what you are up to")
    .option("--avatar <file>", "a picture: WebP, PNG or JPEG of at most 16 KiB")
    .option("--detail <kind=text...>", "a way to reach you, such as phone=…")
    .option("--audience <field=who...>", "rooms, contacts or nobody, of name, status, phone, …")
    .action(async (options: ProfileOptions) => {
      const change = await readChange(options);
      await withBriefClient(cli, async (client) => show(cli, await client.profile.set(change)));
    });
}

type ProfileOptions = {
  readonly name?: string;
  readonly status?: string;
  readonly avatar?: string;
  readonly detail?: readonly string[];
  readonly audience?: readonly string[];
};

async function readChange(options: ProfileOptions): Promise<ProfileChange> {
  const { name, status, avatar, detail = [], audience = [] } = options;
  const change = {
    ...(name === undefined ? {} : { displayName: orNull(name) }),
    ...(status === undefined ? {} : { status: orNull(status) }),
    ...(avatar === undefined ? {} : { avatar: await readAvatar(avatar) }),
    ...(detail.length === 0
      ? {}
      : {
          details: Object.fromEntries(
            detail.map(pairOf).map(([kind, text]) => [kind, orNull(text)]),
          ),
        }),
    ...(audience.length === 0
      ? {}
      : {
          audiences: Object.fromEntries(
            audience.map(pairOf).map(([field, who]) => [fieldOf(field), whoOf(who)]),
          ),
        }),
  };
  if (Object.keys(change).length > 0) return change;
  throw new CliFailure(EXIT.usage, "nothingChosen", "there is nothing to change", {
    help: "Name at least one option; `treehouse account profile set --help` lists them.",
  });
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new CliFailure(EXIT.usage, "malformed", `"${text}" is not of the form name=text`);
}

function fieldOf(name: string): string {
  if (name === "name") return "displayName";
  return name === "status" || name === "avatar" ? name : `details.${name}`;
}

function whoOf(text: string): "rooms" | "contacts" | "nobody" {
  if (text === "rooms" || text === "contacts" || text === "nobody") return text;
  throw new CliFailure(EXIT.usage, "malformed", `"${text}" is none of rooms, contacts, nobody`);
}

const kinds = [
  { mediaType: "image/png", starts: "89504e47" },
  { mediaType: "image/jpeg", starts: "ffd8ff" },
  { mediaType: "image/webp", starts: "52494646" },
] as const;

async function readAvatar(file: string): Promise<NonNullable<ProfileChange["avatar"]> | null> {
  if (file === "") return null;
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CliFailure(EXIT.usage, "fileUnreadable", `${file} cannot be read: ${String(error)}`);
  });
  const kind = kinds.find(({ starts }) => bytes.toString("hex").startsWith(starts));
  if (kind !== undefined) {
    return { mediaType: kind.mediaType, data: bytes.toString("base64url") };
  }
  throw new CliFailure(EXIT.usage, "malformed", `${file} is no WebP, PNG or JPEG picture`);
}

type Shown = {
  readonly displayName?: string | undefined;
  readonly status?: string | undefined;
  readonly avatar?: { readonly mediaType: string; readonly data: string } | undefined;
  readonly details?: readonly { readonly kind: string; readonly value: string }[] | undefined;
  readonly audiences?: Readonly<Record<string, string>>;
};

function show(cli: Cli, profile: Shown): void {
  cli.output().result(profile, profileLines(profile));
}

/** A line for each field, and where it is one's own who may see it. */
export function profileLines(profile: Shown): readonly string[] {
  const { avatar, details = [], audiences = {} } = profile;
  const fields: readonly (readonly [string, string, string | undefined])[] = [
    ["name", "displayName", profile.displayName],
    ["status", "status", profile.status],
    ["avatar", "avatar", avatar && `${avatar.mediaType}, ${octets(avatar.data)} octets`],
    ...details.map(({ kind, value }) => [kind, `details.${kind}`, value] as const),
  ];
  const lines = fields.flatMap(([label, field, value]) => {
    if (value === undefined) return [];
    const who = audiences[field];
    return [`${oneLine(label)}: ${oneLine(value)}${who === undefined ? "" : `  (${who})`}`];
  });
  return lines.length > 0 ? lines : ["nothing"];
}

function octets(base64Url: string): number {
  return Math.floor((base64Url.length * 3) / 4);
}
