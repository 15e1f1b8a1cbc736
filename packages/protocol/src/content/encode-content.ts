import type { Bytes } from "../bytes/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import type { CborValue } from "./cbor.ts";
import { decodeContent } from "./decode-content.ts";
import { encodeCbor } from "./encode-cbor.ts";
import type { MimiContent } from "./mimi-content.ts";
import { partToCbor } from "./nested-part.ts";

/**
 * The octets of a message, whose id `messageId` derives. A message that is too long is a Refusal
 * "limitExceeded"; one that no receiver would take is a RangeError.
 */
export function encodeContent(content: MimiContent): Bytes {
  const { salt, replaces, topicId, expires, inReplyTo, extensions, body } = content;
  const fields: readonly CborValue[] = [
    salt,
    replaces ?? null,
    topicId,
    expires === undefined ? null : [expires.relative, expires.seconds],
    inReplyTo ?? null,
    extensions,
    partToCbor(body),
  ];
  const bytes = encodeCbor(fields);
  if (bytes.length > LIMITS.applicationMessageBytesMax) {
    throw new Refusal("limitExceeded", "The message is too long.", {
      limitName: "applicationMessageBytesMax",
      limit: LIMITS.applicationMessageBytesMax,
    });
  }
  try {
    decodeContent(bytes);
  } catch (cause) {
    throw new RangeError("a message that no receiver would take", { cause });
  }
  return bytes;
}
