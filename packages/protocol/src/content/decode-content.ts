import { malformed } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { id, items, octets, uint } from "./cbor-fields.ts";
import { type CborValue, isMap } from "./cbor.ts";
import { extensionsFault } from "./check-extensions.ts";
import { decodeCbor } from "./decode-cbor.ts";
import { decodePart, partsFault } from "./nested-part.ts";
import {
  CONTENT_BOUNDS,
  type ContentExtensions,
  type Expiration,
  type MimiContent,
} from "./mimi-content.ts";

/** Parts and their lists alternate; no other field nests deeper. */
const DEPTH_MAX = 2 * CONTENT_BOUNDS.partDepthMax + 1;
const UINT32_MAX = 0xffff_ffff;

/**
 * Reads a message and applies every rule that needs nothing but its octets: deterministic CBOR,
 * types, bounds, known part semantics. Unknown dispositions, content types and extensions are
 * kept (FED-806). The only error is a Refusal "malformed": the reader drops the message and goes on
 * (FED-807). What depends on the room and on time is judged
 * by `checkContent`.
 */
export function decodeContent(bytes: Uint8Array): MimiContent {
  if (bytes.length > LIMITS.applicationMessageBytesMax) throw malformed("a message too long");
  const fields = items(decodeCbor(bytes, DEPTH_MAX), 7);
  const [saltField, replaces, topic, expires, inReplyTo, extensions, body] = fields;
  const salt = octets(saltField);
  if (salt.length !== 16) throw malformed("a salt that is not 16 octets long");
  const topicId = octets(topic);
  if (topicId.length > CONTENT_BOUNDS.topicIdBytesMax) throw malformed("a topic id too long");
  const content: MimiContent = {
    salt,
    replaces: replaces === null ? undefined : id(replaces),
    topicId,
    expires: expires === null ? undefined : decodeExpiration(expires),
    inReplyTo: inReplyTo === null ? undefined : id(inReplyTo),
    extensions: decodeExtensions(extensions),
    body: decodePart(body),
  };
  const fault = extensionsFault(content.extensions) ?? partsFault(content.body);
  if (fault !== undefined) throw malformed(fault);
  return content;
}

function decodeExpiration(value: CborValue | undefined): Expiration {
  const [relative, seconds] = items(value, 2);
  if (typeof relative !== "boolean") throw malformed("not a truth value");
  return { relative, seconds: uint(seconds, UINT32_MAX) };
}

function decodeExtensions(value: CborValue | undefined): ContentExtensions {
  if (!isMap(value)) throw malformed("extensions that are no map");
  const extensions = new Map<number | string, CborValue>();
  for (const [key, entry] of value) {
    if (typeof key !== "number" && typeof key !== "string") {
      throw malformed("an extension key that is a byte string");
    }
    extensions.set(key, entry);
  }
  return extensions;
}
