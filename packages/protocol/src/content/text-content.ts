import { type Bytes, utf8Decode, utf8Encode } from "../bytes/index.ts";
import type { RoomUri, UserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import {
  CONTENT_EXTENSIONS,
  DISPOSITIONS,
  MEDIA_TYPE_MARKDOWN,
  MEDIA_TYPE_TEXT,
  type MimiContent,
  type NestedPart,
} from "./mimi-content.ts";

/** A message of plain text (FED-822). The salt is 16 random octets, new for each message. */
export function textContent(message: {
  readonly text: string;
  readonly salt: Bytes;
  readonly senderUri: UserUri;
  readonly roomUri: RoomUri;
  /** Id of the message that is answered. */
  readonly inReplyTo?: Bytes | undefined;
}): MimiContent {
  return {
    salt: message.salt,
    replaces: undefined,
    topicId: new Uint8Array(0),
    expires: undefined,
    inReplyTo: message.inReplyTo,
    extensions: new Map<number, string>([
      [CONTENT_EXTENSIONS.senderUri, message.senderUri],
      [CONTENT_EXTENSIONS.roomUri, message.roomUri],
    ]),
    body: {
      kind: "single",
      disposition: DISPOSITIONS.render,
      language: "",
      contentType: MEDIA_TYPE_TEXT,
      content: utf8Encode(message.text),
    },
  };
}

/**
 * The text of a message's body, as it was written: of its one part, or of the first part that has
 * text. `undefined` where there is none to show.
 */
export function textOf(content: MimiContent): string | undefined {
  return textOfPart(content.body);
}

function textOfPart(part: NestedPart): string | undefined {
  if (part.kind === "multi") {
    for (const inner of part.parts) {
      const text = textOfPart(inner);
      if (text !== undefined) return text;
    }
    return undefined;
  }
  if (part.kind !== "single") return undefined;
  if (part.contentType !== MEDIA_TYPE_TEXT && part.contentType !== MEDIA_TYPE_MARKDOWN) {
    return undefined;
  }
  try {
    return utf8Decode(part.content);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
