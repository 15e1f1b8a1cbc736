import { utf8Decode, utf8Encode } from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";
import type { OwnContent } from "./compose.ts";
import type { Message } from "./message.ts";

/** A parser of what anybody may have sent; a zod schema is one. */
export type ContentParser<T> = { parse(value: unknown): T };

/** A kind of content of a program's own. */
export type ContentType<T> = {
  readonly mediaType: string;
  /** What to hand to `conversation.send`; `fallback` is shown by programs that do not know the type. */
  make(value: T, fallback: string): OwnContent;
  /** What a message of this type says; undefined for every other, and for one that is not as it should be. */
  read(message: Message): T | undefined;
};

/**
 * Defines a kind of content by its media type, such as `application/vnd.example.move+json`, and what
 * checks it: a zod schema, or anything with `parse`, whose own error `make` throws. It travels as JSON.
 * Throws `SdkError`.
 */
export function defineContent<T>(mediaType: string, schema: ContentParser<T>): ContentType<T> {
  if (!/^application\/[\w.+-]{1,100}$/.test(mediaType)) {
    throw new SdkError("malformed", "a type of one's own is application/… without parameters", {
      help: "Name it like application/vnd.example.move+json.",
    });
  }
  return {
    mediaType,
    make: (value, fallback) => ({
      mediaType,
      content: utf8Encode(JSON.stringify(schema.parse(value))),
      fallback,
    }),
    read(message) {
      if (message.type !== "unknown" || message.mediaType !== mediaType) return undefined;
      try {
        return schema.parse(JSON.parse(utf8Decode(message.content)));
      } catch {
        // Anybody can send anything under this name: to the program it is no such message.
        return undefined;
      }
    },
  };
}
