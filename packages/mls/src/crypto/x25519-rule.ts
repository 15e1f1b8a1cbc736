/**
 * u-coordinates of low order, with the multiples of p that still fit: an agreement with any of them
 * gives zero whatever the private key is (RFC 7748 section 6.1). The top bit does not count.
 */
const lowOrder = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether an agreement with this key has a secret. */
export function x25519PointOk(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const u = Uint8Array.from(publicKey);
  u[31] = (u[31] ?? 0) & 0x7f;
  return !lowOrder.has(Array.from(u, (octet) => octet.toString(16).padStart(2, "0")).join(""));
}
