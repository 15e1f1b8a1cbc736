import { type Bytes, utf8Decode, utf8Encode } from "../bytes/index.ts";
import { Refusal } from "../refusals/index.ts";
import {
  DISPOSITIONS,
  MEDIA_TYPE_TEXT,
  type MimiContent,
  type NestedPart,
} from "./mimi-content.ts";
import { pinOf } from "./pin.ts";
import { MEDIA_TYPE_POLL_END, voteOf } from "./poll.ts";
import { mainPart } from "./vendor-part.ts";

/**
 * What a content does to one that was sent before. `edit` and `deletion` name the first version of a
 * message, `unlike` the reaction that it takes back, `reaction` the message that it is about.
 */
export type ContentChange =
  | { readonly kind: "edit" | "deletion" | "unlike"; readonly target: Bytes }
  | { readonly kind: "pin" | "unpin" | "pollEnd"; readonly target: Bytes }
  | { readonly kind: "vote"; readonly target: Bytes; readonly choices: readonly number[] }
  | {
      readonly kind: "reaction";
      readonly target: Bytes;
      /** None where it is in a form that is not known, such as a picture. */
      readonly emojis: readonly string[];
    };

/**
 * Undefined for what stands in the conversation by itself (FED-823 to FED-825, FED-833 to FED-835).
 * Refuses `invalidMessage` for a vote or a pin beyond its bounds.
 */
export function changeOf(content: MimiContent): ContentChange | undefined {
  const { body, inReplyTo, replaces } = content;
  const isReaction = body.disposition === DISPOSITIONS.reaction;
  if (replaces !== undefined) {
    if (body.kind !== "null") return { kind: "edit", target: replaces };
    return { kind: isReaction ? "unlike" : "deletion", target: replaces };
  }
  if (inReplyTo === undefined) return undefined;
  if (isReaction) return { kind: "reaction", target: inReplyTo, emojis: emojisOf(body) };
  const pinned = pinOf(content);
  if (pinned !== undefined) return { kind: pinned ? "pin" : "unpin", target: inReplyTo };
  const choices = voteOf(content);
  if (choices !== undefined) return { kind: "vote", target: inReplyTo, choices };
  const isEnd = mainPart(content)?.contentType === MEDIA_TYPE_POLL_END;
  return isEnd ? { kind: "pollEnd", target: inReplyTo } : undefined;
}

/** The same message, in place of an earlier one whose id is given. */
export function editContent(text: MimiContent, first: Bytes): MimiContent {
  return { ...text, replaces: first };
}

/** Takes a message back; `place` gives everything but the body. */
export function deletionContent(place: MimiContent, first: Bytes): MimiContent {
  return { ...place, replaces: first, body: nothing(DISPOSITIONS.render) };
}

/** `emoji` is one of `isEmoji`. */
export function reactionContent(place: MimiContent, target: Bytes, emoji: string): MimiContent {
  const body = {
    kind: "single",
    disposition: DISPOSITIONS.reaction,
    language: "",
    contentType: MEDIA_TYPE_TEXT,
    content: utf8Encode(emoji),
  } as const;
  return { ...place, inReplyTo: target, body };
}

/** Takes back the reaction with this id, which was about that message. */
export function unlikeContent(
  place: MimiContent,
  { reaction, target }: { readonly reaction: Bytes; readonly target: Bytes },
): MimiContent {
  const body = nothing(DISPOSITIONS.reaction);
  return { ...place, replaces: reaction, inReplyTo: target, body };
}

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });

/** One emoji and nothing beside it. */
export function isEmoji(text: string): boolean {
  if (text.length > 32 || !/\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u.test(text)) {
    return false;
  }
  return [...segments.segment(text)].length === 1;
}

function nothing(disposition: number): NestedPart {
  return { kind: "null", disposition, language: "" };
}

function emojisOf(part: NestedPart): readonly string[] {
  if (part.kind === "multi") return [...new Set(part.parts.flatMap(emojisOf))];
  if (part.kind !== "single" || part.contentType !== MEDIA_TYPE_TEXT) return [];
  try {
    const text = utf8Decode(part.content);
    return isEmoji(text) ? [text] : [];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}
