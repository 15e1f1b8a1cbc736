/**
 * T-06, FED-131: the eleven classes of signature that platforms judge differently, and random
 * cases made of the same parts, judged by both providers and by the rule written down a second
 * time in bigints.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";

import { pointOk } from "./ed25519-rule.ts";
import { createNobleCrypto } from "./noble/index.ts";
import { createNodeCrypto } from "./node/index.ts";

const { Point } = ed25519;
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const smallY = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

const seeded = (seed: number) => {
  let state = seed;
  return (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
};
const pick = seeded(6);
const octets = (length: number) => Uint8Array.from({ length }, () => pick(256));
const scalar = () => (little(octets(32)) % (L - 1n)) + 1n;
const random = octets;
const providers = [createNodeCrypto({ random }), createNobleCrypto({ random })];

/** A point of order 8, and its multiples. */
const T = Point.fromBytes(bytesOf(Y8));
const torsion = (n: number) => (n % 8 === 0 ? Point.ZERO : T.multiplyUnsafe(BigInt(n % 8)));
/** The identity with y = p + 1, which is no canonical encoding. */
const identityNotCanonical = bytesOf(P + 1n);

function little(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, octet) => (value << 8n) | BigInt(octet), 0n);
}
function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return little(sha512(Uint8Array.of(...r, ...key, ...message))) % L;
}
const mod = (value: bigint) => ((value % L) + L) % L;

type Case = { key: Uint8Array; message: Uint8Array; signature: Uint8Array };
/** A signature by the secret scalar `a` with whatever key and R are claimed. */
function signed(a: bigint, r: bigint, key: Uint8Array, R: Uint8Array, message = octets(9)): Case {
  const s = mod(r + challenge(R, key, message) * a);
  return { key, message, signature: Uint8Array.of(...R, ...bytesOf(s)) };
}
const times = (n: bigint) => Point.BASE.multiplyUnsafe(n);

/** Section 3.3 of the rule, by itself: shape, then the equation without cofactor. */
function rule({ key, message, signature }: Case): boolean {
  const canonical = (point: Uint8Array) => {
    const y = little(point) & ((1n << 255n) - 1n);
    return y < P && !smallY.has(y);
  };
  const [R, s] = [signature.subarray(0, 32), little(signature.subarray(32))];
  if (!canonical(key) || !canonical(R) || s >= L) return false;
  try {
    const k = challenge(R, key, message);
    const left = s === 0n ? Point.ZERO : times(s);
    const right = Point.fromBytes(R).add(Point.fromBytes(key).multiplyUnsafe(k));
    return left.equals(right);
  } catch {
    return false;
  }
}

const a = scalar();
const r = scalar();
const A = times(a).toBytes();
const R = times(r).toBytes();
const mixed = times(a).add(T).toBytes();
const identity = Point.ZERO.toBytes();

function withOrderPlus(one: Case): Case {
  const s = bytesOf(little(one.signature.subarray(32)) + L);
  return { ...one, signature: Uint8Array.of(...one.signature.subarray(0, 32), ...s) };
}
function groundUntilTorsionVanishes(): Case {
  for (;;) {
    const one = signed(a, r, mixed, R);
    if (challenge(R, mixed, one.message) % 8n === 0n) return one;
  }
}

const classes: readonly (readonly [string, Case, boolean])[] = [
  ["an ordinary key and signature", signed(a, r, A, R), true],
  ["S plus the order", withOrderPlus(signed(a, r, A, R)), false],
  ["an ordinary key, R = rB + T", signed(a, r, A, times(r).add(T).toBytes()), false],
  ["an ordinary key, R = identity", signed(a, 0n, A, identity), false],
  ["an ordinary key, R = identity, not canonical", signed(a, 0n, A, identityNotCanonical), false],
  ["A = identity, R = identity, S = 0", signed(0n, 0n, identity, identity), false],
  ["A = identity, not canonical", signed(0n, r, identityNotCanonical, R), false],
  ["A of order 8", signed(0n, r, T.toBytes(), R), false],
  ["A = aB + T, R = rB", signedWithTorsion(R), false],
  ["A = aB + T, R = rB + T'", signedWithTorsion(times(r).add(torsion(3)).toBytes()), false],
  ["A = aB + T, ground until 8 divides k", groundUntilTorsionVanishes(), true],
];

function signedWithTorsion(claimedR: Uint8Array): Case {
  for (;;) {
    const one = signed(a, r, mixed, claimedR);
    const k = challenge(claimedR, mixed, one.message);
    const vanishes = claimedR === R ? k % 8n === 0n : (k + 3n) % 8n === 0n;
    if (!vanishes) return one;
  }
}

describe("T-06 one Ed25519 rule", () => {
  test.each(classes)("%s", (_name, one, expected) => {
    expect(rule(one)).toBe(expected);
    for (const crypto of providers) {
      expect(crypto.verify(one.key, one.message, one.signature)).toBe(expected);
    }
  });

  test(
    "both providers and the rule agree on 1,500 random adversarial cases",
    { timeout: 60_000 },
    () => {
      let accepted = 0;
      const keys = [A, mixed, identity, identityNotCanonical, T.toBytes(), bytesOf(P), octets(32)];
      for (let n = 0; n < 1_500; n += 1) {
        const exponent = pick(4) === 0 ? 0n : scalar();
        const claimedR = [
          times(exponent === 0n ? 1n : exponent),
          exponent === 0n ? Point.ZERO : times(exponent).add(torsion(pick(8))),
          torsion(pick(8)),
        ][pick(3)];
        const encodedR = pick(12) === 0 ? identityNotCanonical : (claimedR ?? Point.ZERO).toBytes();
        const key = keys[pick(pick(3) === 0 ? keys.length : 2)] ?? A;
        let one = signed(a, exponent, key, encodedR);
        if (pick(8) === 0) one = withOrderPlus(one);
        if (pick(10) === 0) one.signature[pick(64)] = pick(256);
        const expected = rule(one);
        const verdicts = providers.map((c) => c.verify(one.key, one.message, one.signature));
        expect(verdicts, `case ${n}`).toEqual([expected, expected]);
        if (expected) accepted += 1;
      }
      expect(accepted).toBeGreaterThan(100);
      expect(accepted).toBeLessThan(1_400);
    },
  );

  test("keys of small order and encodings that are not canonical are no keys", () => {
    for (let n = 0; n < 8; n += 1) expect(pointOk(torsion(n).toBytes())).toBe(false);
    for (let n = 0n; n < 19n; n += 1n) expect(pointOk(bytesOf(P + n))).toBe(false);
    for (const y of smallY) expect(pointOk(bytesOf(y + (1n << 255n)))).toBe(false);
    expect(pointOk(A)).toBe(true);
    expect(pointOk(bytesOf(P - 2n))).toBe(true);
    expect(pointOk(A.subarray(1))).toBe(false);
  });
});
