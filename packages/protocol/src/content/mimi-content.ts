import type { Bytes } from "../bytes/index.ts";
import type { CborValue } from "./cbor.ts";

export const MEDIA_TYPE_CONTENT = "application/mimi-content";
export const MEDIA_TYPE_STATUS = "application/mimi-message-status";
export const MEDIA_TYPE_TEXT = "text/plain;charset=utf-8";
export const MEDIA_TYPE_MARKDOWN = "text/markdown;variant=GFM-MIMI";

/** What a part is for; an unknown number is treated as `render`. */
export const DISPOSITIONS = {
  unspecified: 0,
  render: 1,
  reaction: 2,
  profile: 3,
  inline: 4,
  icon: 5,
  attachment: 6,
  session: 7,
  preview: 8,
} as const;

/** Keys of the extensions map that MIMI defines. Text and negative integers are for private use. */
export const CONTENT_EXTENSIONS = {
  senderUri: 1,
  roomUri: 2,
  senderTimestamp: 3,
  externalMessageId: 4,
  subject: 5,
  lastSeen: 256,
} as const;

/** FED-803: bounds of draft-ietf-mimi-content-08 and of its security considerations. */
export const CONTENT_BOUNDS = {
  topicIdBytesMax: 4096,
  extensionKeyBytesMax: 255,
  extensionValueBytesMax: 4095,
  /** How long a message that goes by itself may stay: a day less than what receivers take (FED-821). */
  lifetimeMaxMs: 365 * 24 * 3600 * 1000,
  /** The map itself is level 1; arrays, maps and tags count. */
  extensionDepthMax: 4,
  partsMax: 1024,
  /** The root part is level 1. */
  partDepthMax: 4,
} as const;

/** A message of `draft-ietf-mimi-content-08`, field by field. */
export interface MimiContent {
  /** 16 octets, random for each message. */
  readonly salt: Bytes;
  /** Id of the first version of the message that this one edits, deletes or unlikes. */
  readonly replaces: Bytes | undefined;
  /** Key of the thread; empty = none. */
  readonly topicId: Bytes;
  readonly expires: Expiration | undefined;
  /** Id of one version of the message that is answered. */
  readonly inReplyTo: Bytes | undefined;
  readonly extensions: ContentExtensions;
  readonly body: NestedPart;
}

export type ContentExtensions = ReadonlyMap<number | string, CborValue>;

/** Relative: seconds after the recipient read it; otherwise Unix seconds. */
export interface Expiration {
  readonly relative: boolean;
  readonly seconds: number;
}

export type NestedPart = NullPart | SinglePart | ExternalPart | MultiPart;

interface PartHead {
  readonly disposition: number;
  /** "" or a comma list of BCP 47 tags. */
  readonly language: string;
}

/** No body: what a deletion or the end of a reaction has. */
export interface NullPart extends PartHead {
  readonly kind: "null";
}

export interface SinglePart extends PartHead {
  readonly kind: "single";
  readonly contentType: string;
  readonly content: Bytes;
}

export interface ExternalPart extends PartHead {
  readonly kind: "external";
  /** "" for a service such as a conference. */
  readonly contentType: string;
  readonly url: string;
  /** Unix seconds; 0 = never. */
  readonly expires: number;
  /** Octets; 0 = not told. */
  readonly size: number;
  /** IANA AEAD number; 0 = not encrypted, then key, nonce and aad are empty. */
  readonly encAlg: number;
  readonly key: Bytes;
  readonly nonce: Bytes;
  readonly aad: Bytes;
  /** IANA named-information number; 1 = SHA-256, 0 = none. */
  readonly hashAlg: number;
  /** Hash of the octets at the URL: of the ciphertext. */
  readonly contentHash: Bytes;
  readonly description: string;
  readonly filename: string;
}

export type PartSemantics = "chooseOne" | "singleUnit" | "processAll";

export interface MultiPart extends PartHead {
  readonly kind: "multi";
  readonly semantics: PartSemantics;
  /** At least two. */
  readonly parts: readonly NestedPart[];
}

export const partSemantics: readonly PartSemantics[] = ["chooseOne", "singleUnit", "processAll"];
