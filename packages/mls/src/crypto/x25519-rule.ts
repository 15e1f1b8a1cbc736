/**
 * u-coordinates of low order, with the multiples of p that still fit: an agreement with any of them
 * gives zero whatever the private key is (RFC 7748 section 6.1). The top bit does not count.
 */
const lowOrder: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) =>
  Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)),
);

/** Whether an agreement with this key has a secret. */
export function x25519PointOk(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && !lowOrder.some((point) => isSame(point, publicKey));
}

function isSame(point: Uint8Array, publicKey: Uint8Array): boolean {
  for (let i = 0; i < 31; i += 1) if (point[i] !== publicKey[i]) return false;
  return point[31] === ((publicKey[31] ?? 0) & 0x7f);
}
