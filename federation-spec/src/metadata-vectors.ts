import { LABELS, LIMITS, signedBytes, toHex, utf8Encode } from "@treehouse/protocol";
import { written } from "./mls-objects.ts";
import { octets, room } from "./sample-values.ts";
import { sealXChaCha20 } from "./xchacha20-poly1305.ts";

const metadataKey = octets(32, 0xa0);

/** The metadata of a room (FED-993), under `metadataKey`. */
function metadataOf(name: string): { readonly name: string; readonly hex: string } {
  const nonce = octets(24, 0xc0);
  const named = written((writer) => writer.text(name));
  const plain = written((writer) => {
    writer.u8(1);
    writer.raw(named);
    writer.opaque(new Uint8Array(130 - named.length));
  });
  const aad = signedBytes(LABELS.roomMetadata, utf8Encode(room));
  const sealed = sealXChaCha20({ key: metadataKey, nonce, aad, plain });
  return { name, hex: toHex(nonce) + toHex(sealed) };
}

/** What members know beyond MLS, and what it opens (13.4). */
export function metadataVectors() {
  const roomSecrets = written((writer) => {
    writer.u8(1);
    writer.raw(metadataKey);
  });
  const names = ["", "Küche", "n".repeat(LIMITS.nameBytesMax)];
  return {
    room,
    key: toHex(metadataKey),
    roomSecrets: toHex(roomSecrets),
    sealed: names.map(metadataOf),
  };
}
