import type { Bytes } from "../bytes/index.ts";
import {
  codec,
  malformed,
  optional,
  readVersion,
  struct,
  u64,
  utf8,
  varintLength,
  variant,
  versioned,
  Writer,
} from "../codec/index.ts";
import type { Codec, Reader } from "../codec/index.ts";
import { parseUserUri } from "../identifiers/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import type { Frank } from "./frank.ts";
import { frankCodec } from "./frank.ts";
import { PROTOCOL } from "./mls-objects.ts";

/** An application message on its way to the hub. */
export type SubmitMessageRequest = {
  readonly ephemeral: boolean;
  /** An MLSMessage with a PrivateMessage. */
  readonly message: Bytes;
  /** The user who sends; the hub compares it with whoever is authenticated. */
  readonly sendingUri: UserUri;
};

export type SubmitMessageResponse =
  | {
      readonly status: "accepted";
      readonly acceptedAt: number;
      readonly position: number;
      readonly frank: Frank | undefined;
    }
  | { readonly status: "notAllowed"; /** A refusal code. */ readonly reason: string }
  | { readonly status: "epochTooOld"; readonly currentEpoch: number };

/** Written field by field, for every message passes here. */
export const submitMessageRequestCodec: Codec<SubmitMessageRequest> = {
  ...codec(writeRequest, readRequest),
  encode(request) {
    const { message, sendingUri } = request;
    const size =
      2 +
      varintLength(message.length) +
      message.length +
      varintLength(sendingUri.length) +
      sendingUri.length;
    const writer = new Writer(size);
    writeRequest(writer, request);
    return writer.finish();
  },
};

export const submitMessageResponseCodec: Codec<SubmitMessageResponse> = versioned(
  PROTOCOL,
  variant<SubmitMessageResponse, "status">("status", {
    accepted: {
      tag: 0,
      codec: struct({ acceptedAt: u64, position: u64, frank: optional(frankCodec) }),
    },
    notAllowed: { tag: 1, codec: struct({ reason: utf8({ max: LIMITS.nameBytesMax }) }) },
    epochTooOld: { tag: 2, codec: struct({ currentEpoch: u64 }) },
  }),
);

function writeRequest(writer: Writer, request: SubmitMessageRequest): void {
  const { message } = request;
  if (message.length === 0 || message.length > LIMITS.applicationMessageBytesMax) {
    throw new RangeError(`a message of ${message.length} octets`);
  }
  writer.u8(PROTOCOL);
  writer.u8(request.ephemeral ? 1 : 0);
  writer.opaque(message);
  writer.ascii(request.sendingUri);
}

/**
 * Whether octets that may be a SubmitMessageRequest ask for an ephemeral message: others limits hold,
 * and it is neither stored nor answered twice alike.
 */
export function isEphemeralRequest(bytes: Uint8Array): boolean {
  return bytes[0] === PROTOCOL && bytes[1] === 1;
}

function readRequest(reader: Reader): SubmitMessageRequest {
  readVersion(reader, PROTOCOL);
  const flags = reader.u8();
  if (flags > 1) throw malformed("an unknown flag");
  return {
    ephemeral: flags === 1,
    message: reader.opaque(LIMITS.applicationMessageBytesMax, 1),
    sendingUri: parseUserUri(reader.ascii(LIMITS.uriBytesMax)),
  };
}
