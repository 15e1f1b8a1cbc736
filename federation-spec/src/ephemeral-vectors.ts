import { createCipheriv, createHmac } from "node:crypto";
import {
  ephemeralHeaderCodec,
  ephemeralMessageCodec,
  ephemeralPayloadCodec,
  groupUriOf,
  PRESENCE_MEDIA_TYPE,
  presenceCodec,
  signEphemeral,
  toHex,
} from "@treehouse/protocol";
import type { EphemeralContent, EphemeralHeader, Presence } from "@treehouse/protocol";
import { octets, room, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import { vectorOf } from "./vector-of.ts";

const presence: Presence = {
  flags: { asks: true },
  state: "online",
  activity: "listening to Bach",
  activityUntil: time + 3_600_000,
};

export const ephemeralHeader: EphemeralHeader = {
  group: groupUriOf(room, 1),
  epoch: 7,
  salt: octets(16, 0x10),
};

export const ephemeralContent: EphemeralContent = {
  leaf: 2,
  sentAt: time,
  mediaType: PRESENCE_MEDIA_TYPE,
  content: presenceCodec.encode(presence),
};

const payload = signEphemeral(ephemeralHeader, ephemeralContent, signingKeys.client.sign);
const secret = octets(32, 0x20);
const keyLength = 16;
const nonceLength = 12;

export const ephemeralVectors = [
  vectorOf("EphemeralMessage", "sealed octets", { ...ephemeralHeader, ciphertext: octets(272) }),
  vectorOf("EphemeralPayload", "a presence", payload),
  vectorOf("EphemeralPayload", "nothing said, and no padding", {
    ...payload,
    leaf: 0,
    mediaType: "",
    content: octets(0),
    padding: octets(0),
  }),
  vectorOf("Presence", "online, and asking", presence),
  vectorOf("Presence", "do not disturb, and no more", {
    flags: { asks: false },
    state: "dnd",
    activity: "",
    activityUntil: 0,
  }),
  vectorOf("EphemeralBatch", "two entries", { entries: [octets(100), octets(1)] }),
  vectorOf("EphemeralBatch", "nothing to pass on", { entries: [] }),
  vectorOf("EphemeralAnswer", "the answer, whatever became of them", {}),
  vectorOf("Typing", "writing", { flags: { on: true } }),
  vectorOf("Typing", "no longer", { flags: { on: false } }),
];

/** RFC 5869 §2.3, as far as one block of SHA-256 goes: 28 octets are wanted. */
function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const block = createHmac("sha256", prk).update(info).update(Uint8Array.of(1)).digest();
  return block.subarray(0, length);
}

/** The payload, sealed with the given secret of an epoch (FED-851), by another library than ours. */
export function ephemeralSeal() {
  const header = ephemeralHeaderCodec.encode(ephemeralHeader);
  const plaintext = ephemeralPayloadCodec.encode(payload);
  const material = new Uint8Array(hkdfExpand(secret, header, keyLength + nonceLength));
  const [key, nonce] = [material.slice(0, keyLength), material.slice(keyLength)];
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  cipher.setAAD(header);
  const sealed = [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  const ciphertext = new Uint8Array(Buffer.concat(sealed));
  return {
    rule: "FED-851",
    secret: toHex(secret),
    header: toHex(header),
    key: toHex(key),
    nonce: toHex(nonce),
    payload: toHex(plaintext),
    message: toHex(ephemeralMessageCodec.encode({ ...ephemeralHeader, ciphertext })),
  };
}
