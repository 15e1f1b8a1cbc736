/**
 * Which Ed25519 keys and signatures are looked at at all. Platforms disagree about points of small
 * order and encodings that are not canonical, so these are refused before any of them is asked.
 */

/** y, little-endian, of the eight points of small order; there are five values. */
const smallOrderY: readonly Uint8Array[] = [
  fromHex("0000000000000000000000000000000000000000000000000000000000000000"),
  fromHex("0100000000000000000000000000000000000000000000000000000000000000"),
  fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
  fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
];

/** The order of the base point, little-endian. */
const order = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** 2^255 - 19, little-endian. */
const prime = fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/** Canonical (y < p, the sign bit aside) and not of small order. It need not be on the curve. */
export function pointOk(point: Uint8Array): boolean {
  if (point.length !== 32) return false;
  const y = Uint8Array.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelow(y, prime) && !smallOrderY.some((small) => isEqual(small, y));
}

/** `pointOk` of the key and of R, and S below the order. */
export function shapeOk(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    pointOk(publicKey) &&
    signature.length === 64 &&
    pointOk(signature.subarray(0, 32)) &&
    isBelow(signature.subarray(32), order)
  );
}

/** Little-endian numbers of equal length. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (x !== y) return x < y;
  }
  return false;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((octet, i) => octet === b[i]);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}
