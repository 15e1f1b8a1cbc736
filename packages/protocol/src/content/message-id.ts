import { type Bytes, concatBytes, type Hash, sha256, utf8Encode } from "../bytes/index.ts";

/**
 * FED-810: the id of a message (mimi-content-08): `01`, then the first 31 octets of the SHA-256 over both
 * URIs with their lengths, the message as it was sent, and its salt once more.
 */
export function messageId(
  message: {
    readonly senderUri: string;
    readonly roomUri: string;
    readonly content: Uint8Array;
    readonly salt: Uint8Array;
  },
  hash: Hash = sha256,
): Bytes {
  const digest = hash(
    concatBytes(
      lengthPrefixed(message.senderUri),
      lengthPrefixed(message.roomUri),
      message.content,
      message.salt,
    ),
  );
  return concatBytes(Uint8Array.of(1), digest.subarray(0, 31));
}

function lengthPrefixed(uri: string): Bytes {
  const octets = utf8Encode(uri);
  if (octets.length > 0xffff) throw new RangeError("a URI of more than 65535 octets");
  return concatBytes(Uint8Array.of(octets.length >> 8, octets.length & 255), octets);
}
