import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const { Point } = ed25519;

/**
 * enc([S]B - [k]A) = R, octet for octet. The library's own `verify` multiplies by the cofactor,
 * with any option, and so accepts what OpenSSL and browsers refuse. Throws if A is no point.
 */
export function verifyByEquation(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const digest = sha512.create().update(r).update(publicKey).update(message).digest();
  const k = littleEndian(digest) % order;
  const computed = times(Point.BASE, s)
    .subtract(times(Point.fromBytes(publicKey), k))
    .toBytes();
  return computed.every((octet, i) => octet === r[i]);
}

function times(point: typeof Point.BASE, scalar: bigint): typeof Point.BASE {
  return scalar === 0n ? Point.ZERO : point.multiplyUnsafe(scalar);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, octet) => (value << 8n) | BigInt(octet), 0n);
}
