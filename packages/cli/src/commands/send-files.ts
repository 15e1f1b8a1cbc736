import type { Conversation, SendOptions, SentMessage } from "@treehouse/client-sdk";

import type { Cli } from "./cli.ts";
import { fileAt, progressOf, resumeKeyOf, tellNotes } from "./file-source.ts";

/** `treehouse send --file`: the text is the files' caption. */
export async function sendFiles(
  cli: Cli,
  conversation: Conversation,
  { paths, caption }: { readonly paths: readonly string[]; readonly caption: string },
  {
    wish,
    voice,
    alt,
    stripMetadata,
  }: {
    readonly wish: Omit<SendOptions, "preview">;
    readonly voice?: boolean;
    readonly alt?: string;
    readonly stripMetadata?: boolean;
  },
): Promise<SentMessage> {
  const as = voice === true ? "voice" : undefined;
  const files = await Promise.all(paths.map((path) => fileAt(path, { as, alt, stripMetadata })));
  const [first = ""] = paths;
  const { notes, ...sent } = await conversation.send({
    files,
    caption,
    ...wish,
    resumeKey: await resumeKeyOf(first, conversation.id),
    signal: cli.stopped,
    onProgress: progressOf(cli, first),
  });
  tellNotes(cli, notes);
  cli.output().result({ ...sent, notes }, `sent at position ${sent.position}`);
  return sent;
}
