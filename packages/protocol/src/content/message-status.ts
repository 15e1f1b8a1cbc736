import type { Bytes } from "../bytes/index.ts";
import { malformed } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { id, items, list, uint } from "./cbor-fields.ts";
import { decodeCbor } from "./decode-cbor.ts";
import { encodeCbor } from "./encode-cbor.ts";
import { DISPOSITIONS, MEDIA_TYPE_STATUS, type MimiContent } from "./mimi-content.ts";

/** Values of `draft-mahy-mimi-message-status-01`; others are kept and mean nothing to us. */
export const MESSAGE_STATUSES = {
  unread: 0,
  delivered: 1,
  read: 2,
  expired: 3,
  deleted: 4,
  hidden: 5,
  error: 6,
} as const;

export interface MessageStatus {
  readonly messageId: Bytes;
  readonly status: number;
}

/** The octets of a status report; one with a wrong id or number is a RangeError. */
export function encodeMessageStatus(report: readonly MessageStatus[]): Bytes {
  const bytes = encodeCbor(report.map(({ messageId, status }) => [messageId, status]));
  try {
    decodeMessageStatus(bytes);
  } catch (cause) {
    throw new RangeError("a report that no receiver would take", { cause });
  }
  return bytes;
}

/** FED-830: reads a status report strictly; the only error is a Refusal "malformed". */
export function decodeMessageStatus(bytes: Uint8Array): readonly MessageStatus[] {
  if (bytes.length > LIMITS.applicationMessageBytesMax) throw malformed("a report too long");
  return list(decodeCbor(bytes, 2)).map((entry) => {
    const [messageId, status] = items(entry, 2);
    return { messageId: id(messageId), status: uint(status, 255) };
  });
}

/** FED-831: a report as content; `place` gives everything but the body. */
export function statusContent(place: MimiContent, report: readonly MessageStatus[]): MimiContent {
  return {
    ...place,
    body: {
      kind: "single",
      disposition: DISPOSITIONS.unspecified,
      language: "",
      contentType: MEDIA_TYPE_STATUS,
      content: encodeMessageStatus(report),
    },
  };
}

/** The report that a content is; undefined when it is something else. Refuses `malformed`. */
export function statusOf({ body }: MimiContent): readonly MessageStatus[] | undefined {
  if (body.kind !== "single" || body.contentType !== MEDIA_TYPE_STATUS) return undefined;
  return decodeMessageStatus(body.content);
}
