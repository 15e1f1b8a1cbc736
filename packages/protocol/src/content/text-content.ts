import { type Bytes, utf8Decode, utf8Encode } from "../bytes/index.ts";
import { parseUserUri, type UserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import {
  CONTENT_EXTENSIONS,
  DISPOSITIONS,
  MEDIA_TYPE_MARKDOWN,
  MEDIA_TYPE_TEXT,
  type MimiContent,
  type NestedPart,
  type SinglePart,
} from "./mimi-content.ts";
import { type SaidBy, singleContent } from "./single-content.ts";

/** A message of plain text (FED-822). */
export function textContent(
  message: SaidBy & {
    readonly text: string;
    /** Id of the message that is answered. */
    readonly inReplyTo?: Bytes | undefined;
    /** The thread that it belongs to. */
    readonly topicId?: Bytes | undefined;
    /** GitHub-flavoured Markdown instead of plain text. */
    readonly markdown?: boolean | undefined;
  },
): MimiContent & { readonly body: SinglePart } {
  const part = {
    disposition: DISPOSITIONS.render,
    contentType: message.markdown === true ? MEDIA_TYPE_MARKDOWN : MEDIA_TYPE_TEXT,
    content: utf8Encode(message.text),
  };
  return singleContent(message, part, message);
}

/**
 * The text of a message's body, as it was written: of its one part, or of the first part that has
 * text. `undefined` where there is none to show.
 */
export function textOf(content: MimiContent): string | undefined {
  const part = textPart(content.body);
  return part === undefined ? undefined : utf8Decode(part.content);
}

/** The part that `textOf` answers; its content is well-formed UTF-8. */
function textPart(part: NestedPart): SinglePart | undefined {
  if (part.kind === "multi") {
    for (const inner of part.parts) {
      const found = textPart(inner);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (part.kind !== "single") return undefined;
  if (part.contentType !== MEDIA_TYPE_TEXT && part.contentType !== MEDIA_TYPE_MARKDOWN) {
    return undefined;
  }
  try {
    utf8Decode(part.content);
    return part;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Whether the text of a message is Markdown. */
export function isMarkdown(content: MimiContent): boolean {
  return textPart(content.body)?.contentType === MEDIA_TYPE_MARKDOWN;
}

/** More links of one message than these mention nobody. */
export const MENTIONS_MAX = 100;

/** Whom a Markdown text names by its links; what the links are called is a hint only. */
export type Mentions = {
  /** Each once. */
  readonly users: readonly UserUri[];
  /** A link to the room itself. Whether it counts is for the room's rules to say (FED-839). */
  readonly everyone: boolean;
  /** Indices of roles, by links to the room with the fragment `role=<index>`. The same holds for them. */
  readonly roles: readonly number[];
};

export function mentionsOf(content: MimiContent): Mentions {
  const room = content.extensions.get(CONTENT_EXTENSIONS.roomUri);
  const links = isMarkdown(content)
    ? [...(textOf(content) ?? "").matchAll(/\]\(<?(mimi:[^\s)>]{1,512})>?\)/g)]
        .slice(0, MENTIONS_MAX)
        .map(([, uri = ""]) => uri)
    : [];
  const users = links.map(userIn).filter((user) => user !== undefined);
  const roles = links.flatMap((link) => {
    const [uri, fragment = ""] = link.split("#");
    const [, index] = /^role=(\d{1,9})$/.exec(fragment) ?? [];
    return uri === room && index !== undefined ? [Number(index)] : [];
  });
  return {
    users: [...new Set(users)],
    everyone: typeof room === "string" && links.includes(room),
    roles: [...new Set(roles)],
  };
}

/** The users whom a Markdown text links to, each once. */
export function mentionsIn(content: MimiContent): readonly UserUri[] {
  return mentionsOf(content).users;
}

function userIn(uri: string): UserUri | undefined {
  try {
    return parseUserUri(uri);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
