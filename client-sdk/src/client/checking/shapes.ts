import { z } from "zod";

import {
  callback,
  flag,
  list,
  name,
  number,
  octets,
  options,
  positive,
  signal,
  source,
  text,
} from "./input.ts";

/** What several calls take as a whole. */

const room = z.looseObject({ kind: z.literal("room"), room: text });
const bearer = z.looseObject({ kind: z.literal("bearer") });
const own = z.looseObject({
  kind: z.literal("own"),
  name: text,
  replaces: text.nullable().optional(),
});

/** For whom an asset shall be. */
export const access = z.discriminatedUnion("kind", [room, bearer, own]);

/** A link to an asset; its lengths are looked at where it is used. */
export const assetLink = z.looseObject({
  uri: name,
  size: number,
  encryption: z.enum(["plain", "chunked"]),
  key: octets,
  nonce: octets,
  hash: octets,
  expires: number,
  access: z.discriminatedUnion("kind", [
    room,
    bearer.extend({ secret: octets }),
    z.looseObject({ kind: z.literal("own") }),
  ]),
});

export const transfer = {
  resumeKey: name.optional(),
  signal: signal.optional(),
  onProgress: callback.optional(),
};

const aboutFile = {
  name: text.optional(),
  mediaType: text.optional(),
  alt: text.optional(),
  inline: flag.optional(),
  voice: flag.optional(),
  waveform: octets.optional(),
  durationMs: number.nonnegative().optional(),
  width: positive.optional(),
  height: positive.optional(),
  preview: z.looseObject({ mediaType: text, bytes: octets }).optional(),
  stripMetadata: flag.optional(),
};

export const file = z.looseObject({ file: source, ...aboutFile });

export const format = z.enum(["plain", "markdown"]);

/** When a message goes by itself; what the bounds are, the call knows. */
export const going = { expiresIn: number.optional(), expiresAfterRead: number.optional() };

/** One file, or several, with what is said to them. */
export const files = (inReplyTo: z.ZodType) =>
  z
    .looseObject({
      file: source.optional(),
      ...aboutFile,
      ...transfer,
      ...going,
      files: list(file).optional(),
      caption: text.optional(),
      topic: text.optional(),
      format: format.optional(),
      inReplyTo: inReplyTo.optional(),
      versionOf: text.optional(),
    })
    .refine(
      (wish) => wish.file !== undefined || (wish.files?.length ?? 0) > 0,
      "is neither a text, nor a content of one's own, nor has it a file",
    );

export const keeping = { folder: text.optional(), tags: list(text).optional() };

/** What goes with an act. */
export const act = options({ reason: text });

export const page = options({ limit: number, before: number });
