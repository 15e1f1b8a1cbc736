import { utf8Decode } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { malformed, Reader } from "../codec/index.ts";
import type { Sharing } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";

export type ContentType = "application" | "proposal" | "commit";

export type FramingSender =
  | { readonly kind: "member"; readonly leaf: number }
  | { readonly kind: "external"; readonly index: number }
  | { readonly kind: "newMemberProposal" }
  | { readonly kind: "newMemberCommit" };

type Framed = {
  /** UTF-8 of the group id; a GroupUri in all groups of ours, which the caller checks. */
  readonly groupId: string;
  readonly epoch: number;
  readonly contentType: ContentType;
  readonly authenticatedData: Bytes;
};

/** What an MLSMessage shows without any key (RFC 9420 §6). */
export type MlsFraming =
  | (Framed & { readonly wireFormat: "public"; readonly sender: FramingSender })
  | (Framed & { readonly wireFormat: "private" })
  | { readonly wireFormat: "welcome" | "groupInfo" | "keyPackage" };

const MLS10 = 1;
const CONTENT_TYPES: readonly (ContentType | undefined)[] = [
  undefined,
  "application",
  "proposal",
  "commit",
];
const CIPHERTEXT_BYTES_MAX = LIMITS.handshakeBytesMax;
const SENDER_DATA_BYTES_MAX = 256;

/**
 * Reads the outermost framing of an MLSMessage, so that a server can route it without an MLS
 * library. A PrivateMessage is read to its end; of the others nothing is said about what follows
 * the parts returned. The only error is a Refusal "malformed". "sliced" as in `Reader`.
 */
export function peekMlsMessage(bytes: Uint8Array, sharing?: Sharing): MlsFraming {
  const reader = new Reader(bytes, sharing);
  if (reader.u16() !== MLS10) throw malformed("not MLS 1.0");
  const wireFormat = reader.u16();
  switch (wireFormat) {
    case 1:
      return peekPublic(reader);
    case 2:
      return peekPrivate(reader);
    case 3:
      return { wireFormat: "welcome" };
    case 4:
      return { wireFormat: "groupInfo" };
    case 5:
      return { wireFormat: "keyPackage" };
    default:
      throw malformed("an unknown wire format");
  }
}

function peekPublic(reader: Reader): MlsFraming {
  const groupId = readGroupId(reader);
  const epoch = reader.u64();
  const sender = readSender(reader);
  // What of it is too long is refused by its own rule (FED-995), for which it must be read.
  const authenticatedData = reader.opaque(LIMITS.handshakeBytesMax);
  const contentType = readContentType(reader);
  return { wireFormat: "public", groupId, epoch, sender, authenticatedData, contentType };
}

function peekPrivate(reader: Reader): MlsFraming {
  const groupId = readGroupId(reader);
  const epoch = reader.u64();
  const contentType = readContentType(reader);
  const authenticatedData = reader.opaque(LIMITS.authenticatedDataBytesMax);
  reader.skipOpaque(SENDER_DATA_BYTES_MAX);
  reader.skipOpaque(CIPHERTEXT_BYTES_MAX);
  reader.finish();
  return { wireFormat: "private", groupId, epoch, contentType, authenticatedData };
}

function readGroupId(reader: Reader): string {
  return utf8Decode(reader.opaque(LIMITS.uriBytesMax));
}

function readContentType(reader: Reader): ContentType {
  const contentType = CONTENT_TYPES[reader.u8()];
  if (contentType === undefined) throw malformed("an unknown content type");
  return contentType;
}

function readSender(reader: Reader): FramingSender {
  switch (reader.u8()) {
    case 1:
      return { kind: "member", leaf: reader.u32() };
    case 2:
      return { kind: "external", index: reader.u32() };
    case 3:
      return { kind: "newMemberProposal" };
    case 4:
      return { kind: "newMemberCommit" };
    default:
      throw malformed("an unknown sender type");
  }
}
