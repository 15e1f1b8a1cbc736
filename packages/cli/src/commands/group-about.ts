import { readFile } from "node:fs/promises";

import type { AboutChange } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { CliFailure, EXIT } from "../failure.ts";

type Noun = ReturnType<Cli["program"]["command"]>;

type SetOptions = {
  readonly name?: string;
  readonly description?: string;
  readonly topic?: string;
  readonly picture?: string;
  readonly reason?: string;
};

/** `treehouse group set` and `rename`: what a conversation says of itself to those in it. */
export function addAboutCommands(cli: Cli, noun: Noun): void {
  noun
    .command("set")
    .description("change what a conversation says of itself; an empty text takes a field away")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--name <text>", "only members can read it, as the rest")
    .option("--description <text>", "what it is for")
    .option("--topic <text>", "what is talked about now")
    .option("--picture <file>", "JPEG, PNG or WebP of at most 512 KiB")
    .option("--reason <text>", "for those in the conversation")
    .action((reference: string, options: SetOptions) => change(cli, reference, options));
  noun
    .command("rename")
    .description("give a conversation another name")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<name>")
    .action((reference: string, name: string) => change(cli, reference, { name }));
}

async function change(cli: Cli, reference: string, options: SetOptions): Promise<void> {
  const { name, description, topic, picture, reason } = options;
  if ([name, description, topic, picture].every((one) => one === undefined)) {
    const help = "Name one of --name, --description, --topic and --picture.";
    throw new CliFailure(EXIT.usage, "missingOption", "nothing is to be changed", { help });
  }
  const wish: AboutChange = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(topic === undefined ? {} : { topic }),
    ...(picture === undefined ? {} : { picture: await pictureAt(picture) }),
  };
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    await conversation.setAbout(wish, { reason });
    const info = await conversation.info();
    const value = {
      id: info.id,
      name: info.name,
      description: info.description,
      topic: info.topic,
      picture: info.picture,
    };
    cli.output().result(value, aboutText(value));
  });
}

async function pictureAt(path: string): Promise<Uint8Array | null> {
  if (path === "") return null;
  return readFile(path).catch((error: unknown) => {
    throw new CliFailure(EXIT.usage, "fileUnreadable", `${path} cannot be read: ${String(error)}`);
  });
}

/** What a conversation says of itself, a field in a line. */
export function aboutText(about: {
  readonly name: string;
  readonly description: string;
  readonly topic: string;
  readonly picture: boolean;
}): readonly string[] {
  return [
    oneLine(about.name),
    ...(about.description === "" ? [] : [`  ${oneLine(about.description)}`]),
    ...(about.topic === "" ? [] : [`  topic: ${oneLine(about.topic)}`]),
    ...(about.picture ? ["  with a picture"] : []),
  ];
}
