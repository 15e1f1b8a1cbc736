import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { counting } from "./crypto.contract.ts";
import type { MlsCrypto } from "./mls-crypto.ts";
import { createNobleCrypto } from "./noble/index.ts";
import { createNodeCrypto } from "./node/index.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const numRuns = process.env["TREEHOUSE_SCALE"] === "full" ? 2_000 : 60;

/** The same act on both providers, with the same randomness: the same bytes, or both refuse. */
function same(act: (crypto: MlsCrypto) => unknown): void {
  const outcome = (crypto: MlsCrypto) => {
    try {
      return { value: act(crypto) };
    } catch (error) {
      return { error: error instanceof Error ? `${error.name}: ${error.message}` : "" };
    }
  };
  expect(outcome(createNodeCrypto({ random: counting() }))).toEqual(
    outcome(createNobleCrypto({ random: counting() })),
  );
}

describe("node:crypto and noble give the same bytes for", () => {
  test("hash, HMAC and HKDF", () => {
    const property = fc.property(bytes, bytes, fc.nat(100), (a, b, length) => {
      same((c) => [c.hash(a), c.hmac(a, b), c.hkdfExtract(a, b), c.hkdfExpand(a, b, length)]);
    });
    expect(() => fc.assert(property, { numRuns })).not.toThrow();
  });

  test("AEAD, also when what is opened is garbage", () => {
    const [key, nonce] = [exactly(16), exactly(12)];
    const property = fc.property(key, nonce, bytes, bytes, (k, n, aad, text) => {
      same((c) => c.aeadSeal(k, n, aad, text));
      same((c) => c.aeadOpen(k, n, aad, c.aeadSeal(k, n, aad, text)));
      same((c) => c.aeadOpen(k, n, aad, text));
    });
    expect(() => fc.assert(property, { numRuns })).not.toThrow();
  });

  test("signatures", () => {
    const property = fc.property(exactly(32), bytes, exactly(64), (key, message, garbage) => {
      same((c) => {
        const publicKey = c.ed25519PublicKey(key);
        const signature = c.sign(key, message);
        return [
          publicKey,
          signature,
          c.verify(publicKey, message, signature),
          c.verify(publicKey, message, garbage),
          c.verify(garbage.subarray(32), message, signature),
        ];
      });
    });
    expect(() => fc.assert(property, { numRuns: numRuns / 4 })).not.toThrow();
  });

  test("HPKE", () => {
    const key = exactly(32);
    const property = fc.property(key, bytes, bytes, bytes, key, (ikm, info, aad, text, enc) => {
      same((c) => {
        const { privateKey, publicKey } = c.hpkeDeriveKeyPair(ikm);
        const sealed = c.hpkeSeal(publicKey, info, aad, text);
        const opened = c.hpkeOpen(privateKey, sealed.enc, info, aad, sealed.ciphertext);
        const shared = c.hpkeExportTo(publicKey, info, text, 40);
        const again = c.hpkeExportFrom(privateKey, shared.enc, info, text, 40);
        return [privateKey, publicKey, sealed, opened, shared, again];
      });
      same((c) => c.hpkeExportFrom(ikm, enc, info, aad, 32));
      same((c) => c.hpkeOpen(ikm, enc, info, aad, text));
    });
    expect(() => fc.assert(property, { numRuns: numRuns / 4 })).not.toThrow();
  });
});
