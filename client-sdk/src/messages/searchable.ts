import { changeOf, isSticker, type NestedPart } from "@treehouse/protocol";

import type { HistoryRow } from "../groups/index.ts";
import type { Having } from "../search/index.ts";
import type { Describer, Searchable } from "../storage/index.ts";
import { type Message, messageWithContent } from "./message.ts";
import { decodeStored } from "./read-content.ts";

/** What can be found of messages: the one place where that is said. */
export const describer: Describer = {
  describe: (row, changes) => searchableOf({ ...row, changes }).searchable,
  alters(body) {
    const { kind } = changeOf(decodeStored(body).parsed) ?? {};
    return kind === "edit" || kind === "deletion";
  },
};

/**
 * A message, and what of it can be found: its text, which a poll has too, what its parts are called, and
 * what a preview says. What changes by more than edits is none of it.
 */
export function searchableOf(row: HistoryRow): {
  readonly message: Message;
  readonly searchable: Searchable;
} {
  const { message, content } = messageWithContent(row);
  const parts = content === undefined ? [] : partsOf(content.body);
  const { preview } = message;
  const texts = [
    message.text,
    ...parts.flatMap(namesOf),
    preview?.title ?? "",
    preview?.description ?? "",
  ].filter((text) => text !== "");
  const having = new Set<Having>(parts.flatMap(havingOf));
  if (/https?:\/\/\S/i.test(message.text)) having.add("link");
  const facets = [
    facetOf.kind(message.type),
    facetOf.from(message.sender),
    facetOf.room(message.conversation),
    ...[...having].map(facetOf.has),
  ];
  return { message, searchable: { texts, facets } };
}

/** How what a message is stands in the index. */
export const facetOf = {
  kind: (type: string) => `kind ${type}`,
  from: (user: string) => `from ${user}`,
  room: (room: string) => `room ${room}`,
  has: (having: Having) => `has ${having}`,
};

/** A sticker or custom emoji brings a file, and is none that anybody looks for. */
function partsOf(part: NestedPart): readonly NestedPart[] {
  if (isSticker(part)) return [];
  return part.kind === "multi" ? part.parts.flatMap(partsOf) : [part];
}

function namesOf(part: NestedPart): readonly string[] {
  return part.kind === "external" ? [part.filename, part.description] : [];
}

function havingOf(part: NestedPart): readonly Having[] {
  if (part.kind !== "external") return [];
  const [, media] = /^(image|audio|video)\//.exec(part.contentType) ?? [];
  if (media === "image" || media === "audio" || media === "video") return ["file", media];
  return ["file"];
}
