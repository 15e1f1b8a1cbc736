import type { Bytes } from "@treehouse/protocol";
import {
  auditHeadCodec,
  LABELS,
  LIMITS,
  signedBytes,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";
import { written } from "./mls-objects.ts";
import { octets, room } from "./sample-values.ts";
import { sealXChaCha20 } from "./xchacha20-poly1305.ts";

/** Of a room's record of acts (FED-1146). */
const audit = { number: 7, hash: octets(32, 0xe0) };
const metadataKey = octets(32, 0xa0);

type About = { readonly name: string; readonly description: string; readonly topic: string };

/** The metadata of a room (FED-993), under `metadataKey`; `length` is that of the plaintext. */
function metadataOf(about: About, picture: Bytes, length: number) {
  const nonce = octets(24, 0xc0);
  const fields = written((writer) => {
    writer.u8(1);
    writer.text(about.name);
    writer.text(about.description);
    writer.text(about.topic);
    writer.opaque(picture);
  });
  const plain = written((writer) => {
    writer.raw(fields);
    writer.opaque(new Uint8Array(length - fields.length - 2));
  });
  const aad = signedBytes(LABELS.roomMetadata, utf8Encode(room));
  const sealed = sealXChaCha20({ key: metadataKey, nonce, aad, plain });
  return { ...about, picture: toHex(picture), hex: toHex(nonce) + toHex(sealed) };
}

const named = (name: string): About => ({ name, description: "", topic: "" });
const none = octets(0);

/** What members know beyond MLS, and what it opens (13.4). */
export function metadataVectors() {
  const roomSecrets = written((writer) => {
    writer.u8(1);
    writer.raw(metadataKey);
    writer.u8(1);
    writer.raw(auditHeadCodec.encode(audit));
  });
  const full = {
    name: "Küche",
    description: "Was es gibt.",
    topic: "t".repeat(LIMITS.roomTopicBytesMax),
  };
  return {
    room,
    key: toHex(metadataKey),
    audit: { number: audit.number, hash: toHex(audit.hash) },
    roomSecrets: toHex(roomSecrets),
    sealed: [
      metadataOf(named(""), none, 256),
      metadataOf(named("Küche"), none, 256),
      metadataOf(named("n".repeat(LIMITS.nameBytesMax)), none, 256),
      metadataOf(full, none, 1024),
      metadataOf(
        { ...full, description: "d".repeat(LIMITS.descriptionBytesMax) },
        octets(200),
        2560,
      ),
    ],
  };
}
