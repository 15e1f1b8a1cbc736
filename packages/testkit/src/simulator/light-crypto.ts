import { hash } from "node:crypto";
import { createSuite1, type MlsCrypto, type Primitives, type Random } from "@treehouse/mls/crypto";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import type { Tier } from "./faults.ts";

export function cryptoOf(tier: Tier, random: Random): MlsCrypto {
  return tier === "light" ? createLightCrypto(random) : createNodeCrypto({ random });
}

/**
 * Cryptography that protects nothing and costs next to nothing, for seeds by the hundred. It fits
 * into suite 1, so that MLS itself is the real one: a key of another epoch, a generation that was used
 * and is gone, the wrong signer and a changed octet are noticed as they are with the real primitives.
 * What it does not resist is somebody who computes with it on purpose, as the hub does that lies.
 */
function createLightCrypto(random: Random): MlsCrypto {
  return createSuite1(primitives, random);
}

const primitives: Primitives = {
  sha256: digest,
  hmacSha256: (key, data) => digest(mark(1), key, data),
  aes128GcmSeal(key, nonce, aad, plaintext) {
    const sealed = new Uint8Array(plaintext.length + tagLength);
    sealed.set(plaintext);
    mask(sealed.subarray(0, plaintext.length), key, nonce);
    sealed.set(tagOf(key, nonce, aad, plaintext), plaintext.length);
    return sealed;
  },
  aes128GcmOpen(key, nonce, aad, sealed) {
    const plaintext = sealed.slice(0, sealed.length - tagLength);
    mask(plaintext, key, nonce);
    const tag = tagOf(key, nonce, aad, plaintext);
    if (!tag.every((octet, index) => octet === sealed[plaintext.length + index])) {
      throw new Error("the tag does not match");
    }
    return new Uint8Array(plaintext);
  },
  x25519PublicKey: (privateKey) => spread(power(generator, scalarOf(privateKey))),
  x25519: (privateKey, publicKey) => spread(power(elementOf(publicKey), scalarOf(privateKey))),
  ed25519PublicKey: (privateKey) => point(digest(mark(2), privateKey)),
  ed25519Sign: (privateKey, message) => lightSign(primitives.ed25519PublicKey(privateKey), message),
  ed25519Verify: (publicKey, message, given) =>
    lightSign(publicKey, message).every((octet, index) => octet === given[index]),
};

const tagLength = 16;

type Bytes = Uint8Array<ArrayBuffer>;

function mark(octet: number): Uint8Array {
  return Uint8Array.of(octet);
}

/** SHA-256 of the parts with their lengths; of one part, of that. */
function digest(...parts: readonly Uint8Array[]): Bytes {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return sha256(only);
  let length = 0;
  for (const part of parts) length += part.length + 4;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole[at] = part.length;
    whole[at + 1] = part.length >>> 8;
    whole[at + 2] = part.length >>> 16;
    whole.set(part, at + 4);
    at += part.length + 4;
  }
  return sha256(whole);
}

function sha256(data: Uint8Array): Bytes {
  return Uint8Array.from(hash("sha256", data, "buffer"));
}

function tagOf(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  return digest(mark(3), key, nonce, aad, text).subarray(0, tagLength);
}

/** Xorshift from a hash of key and nonce. */
function mask(octets: Uint8Array, key: Uint8Array, nonce: Uint8Array): void {
  const seed = digest(mark(4), key, nonce);
  let state = new DataView(seed.buffer).getUint32(0) | 1;
  for (let index = 0; index < octets.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[index] = (octets[index] ?? 0) ^ (state & 0xff);
  }
}

/** A prime whose square a double still holds, and an element whose order is large. */
const prime = 67_108_859;
const generator = 2;

function power(base: number, exponent: number): number {
  let [result, factor, left] = [1, base, exponent];
  for (; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * factor) % prime;
    factor = (factor * factor) % prime;
  }
  return result;
}

function scalarOf(privateKey: Uint8Array): number {
  return 1 + (new DataView(digest(mark(5), privateKey).buffer).getUint32(0) % (prime - 2));
}

/** An element as 32 octets, none of which are of low order. */
function spread(element: number): Bytes {
  const octets = digest(
    mark(6),
    Uint8Array.of(element, element >>> 8, element >>> 16, element >>> 24),
  );
  new DataView(octets.buffer).setUint32(0, element);
  return point(octets);
}

function elementOf(publicKey: Uint8Array): number {
  const { buffer, byteOffset } = publicKey;
  return new DataView(buffer, byteOffset).getUint32(0) % prime;
}

/** Below the field's prime, as the rules for keys want it. */
function point(octets: Bytes): Bytes {
  octets[31] = (octets[31] ?? 0) & 0x3f;
  return octets;
}

/** What whoever has the private key signs, and here everybody else can: its liars need nobody's key. */
export function lightSign(publicKey: Uint8Array, message: Uint8Array): Bytes {
  const whole = new Uint8Array(64);
  whole.set(point(digest(mark(7), publicKey, message)));
  // A zero at the top is below the order of the curve.
  whole.set(digest(mark(8), publicKey, message).subarray(0, 31), 32);
  return whole;
}
