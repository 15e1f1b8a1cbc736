import type { Bytes } from "../bytes/index.ts";
import type { RoomUri, UserUri } from "../identifiers/index.ts";
import { CONTENT_EXTENSIONS, type MimiContent, type SinglePart } from "./mimi-content.ts";

/** Where a message is said, and by whom. The salt is 16 random octets, new for each message. */
export type SaidBy = {
  readonly salt: Bytes;
  readonly senderUri: UserUri;
  readonly roomUri: RoomUri;
};

/** A content of one part, which says where it belongs (FED-820). */
export function singleContent(
  { salt, senderUri, roomUri }: SaidBy,
  part: Pick<SinglePart, "disposition" | "contentType" | "content">,
  place: { readonly inReplyTo?: Bytes | undefined; readonly topicId?: Bytes | undefined } = {},
): MimiContent & { readonly body: SinglePart } {
  return {
    salt,
    replaces: undefined,
    topicId: place.topicId ?? new Uint8Array(0),
    expires: undefined,
    inReplyTo: place.inReplyTo,
    extensions: new Map<number, string>([
      [CONTENT_EXTENSIONS.senderUri, senderUri],
      [CONTENT_EXTENSIONS.roomUri, roomUri],
    ]),
    body: { kind: "single", language: "", ...part },
  };
}
